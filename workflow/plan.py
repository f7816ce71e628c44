"""A job runs with the configuration that was planned, or not at all.

Snakemake hands its jobs a command line and no plan: each job, hours later perhaps, reads the
configuration anew, while what is recorded is what was planned. An edit in between would give
results that pass for those of the older one. So the process that plans leaves a digest in its
environment, which jobs inherit. The same for code is in workflow/provenance.py.
"""

import hashlib
import json
import os
from typing import Any

from snakemake.exceptions import WorkflowError

VARIABLE = "WORDBRIDGE_PLANNED_CONFIG"


def hold_to_plan(workflow: Any) -> None:
    """Note the configuration or, in a job's process, raise WorkflowError if it has changed."""
    text = json.dumps(workflow.config, sort_keys=True, default=str)
    now = hashlib.sha256(text.encode()).hexdigest()
    if workflow.is_main_process:
        os.environ[VARIABLE] = now
    elif os.environ.get(VARIABLE, now) != now:
        raise WorkflowError(
            "the configuration changed after the workflow started: expected the planned one, got "
            "another; nothing was computed, run the same command again"
        )
