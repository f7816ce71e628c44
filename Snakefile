"""wordbridge: French questions into English, and pictures found by words."""

from snakemake.utils import min_version

from workflow.configuration import load
from workflow.endings import begin, explain, forget_states
from workflow.plan import hold_to_plan
from workflow.provenance import track_code
from workflow.relations import check_relations

min_version("9.27")
begin()


configfile: "config.yaml"


config = load(
    config, workflow.source_path("workflow/schemas/config.schema.yaml"), workflow.configfiles
)
check_relations(config)


include: "workflow/rules/common.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/text.smk"
include: "workflow/rules/vectors.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/nouns.smk"
include: "workflow/rules/pictures.smk"
include: "workflow/rules/devise.smk"
include: "workflow/rules/search.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        rules.translation.input,
        rules.pictures.input,
        "<results>/index.html",


hold_to_plan(workflow)


onsuccess:
    forget_states(workflow.dag.jobs)


onerror:
    forget_states(workflow.dag.finished_jobs)
    explain(log)


track_code(workflow)
