"""A job of a cluster runs what was planned, or not at all.

On a cluster Snakemake hands its jobs a command line and no plan: each job, hours later perhaps,
reads the configuration and the code anew, while what is recorded is what was planned. An edit in
between would give results that pass for those of the older code or configuration. So the process
that plans leaves digests of both in its environment, which jobs inherit.
"""

import hashlib
import json
import os
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError

from workflow.provenance import digest

VARIABLE = "WORDBRIDGE_PLAN"


def hold_to_plan(workflow: Any) -> None:
    """Note what is planned or, in a job of a cluster, raise WorkflowError if it has changed."""
    rules = {rule.name: rule for rule in workflow.rules if rule.script}
    if not workflow.remote_exec:
        os.environ[VARIABLE] = json.dumps(_digests(workflow.config, rules))
        return
    planned = json.loads(os.environ.get(VARIABLE, "{}"))
    now = _digests(workflow.config, {name: rules[name] for name in _started() & rules.keys()})
    changed = sorted(what for what in now if planned.get(what, now[what]) != now[what])
    if changed:
        raise WorkflowError(
            f"{' and '.join(changed)} changed after the workflow started: expected the planned "
            "version, got another one; nothing was computed, run the same command again"
        )


def _started() -> set[str]:
    """Return the names of the rules whose jobs this process was started for."""
    # Snakemake itself looks at this option only when all rules are read.
    words = sys.argv[sys.argv.index("--target-jobs") + 1 :]
    return {word.partition(":")[0] for word in takewhile(lambda w: not w.startswith("--"), words)}


def _digests(config: dict[str, Any], rules: dict[str, Any]) -> dict[str, str]:
    """Return {what: digest} of the configuration and of the code of ``rules``."""
    found = {"configuration": _digest(config)}
    for name, rule in rules.items():
        script = rule.basedir.join(rule.script).get_path_or_uri(secret_free=True)
        found[f"code of {name}"] = _digest(digest(Path(script)))
    return found


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
