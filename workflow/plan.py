"""A job runs with the code and the configuration that were planned, or not at all.

Snakemake hands its jobs a command line and no plan: each job, hours later perhaps, reads all
anew, while what is recorded is what was planned. An edit in between would give results that pass
for those of the older state. So the process that plans leaves a digest of its configuration and
the hashes of all modules in its environment, which jobs inherit on any machine.
"""

import hashlib
import json
import os
from typing import Any

from snakemake.exceptions import WorkflowError

from workflow.provenance import track_code

PLAN = "WORDBRIDGE_PLAN"


def hold_to_plan(workflow: Any) -> None:
    """Give every rule its param ``code``, and make the plan or, in a job's process, keep to it.

    Raises WorkflowError there if the configuration is another one; for other code than planned
    ``start_job`` stops the job.
    """
    text = json.dumps(workflow.config, sort_keys=True, default=str)
    now = hashlib.sha256(text.encode()).hexdigest()
    if workflow.is_main_process:
        os.environ[PLAN] = json.dumps({"config": now, "code": track_code(workflow)})
        return
    planned = json.loads(os.environ.get(PLAN, "{}"))
    if planned.get("config", now) != now:
        raise WorkflowError(
            "the configuration changed after the workflow started: expected the planned one, got "
            "another; nothing was computed, run the same command again"
        )
    track_code(workflow, planned.get("code", {}))
