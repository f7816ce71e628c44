"""wordbridge: French questions into English, and images found by words."""

from snakemake.utils import min_version

from workflow.configuration import configured
from workflow.endings import attend
from workflow.plan import hold_to_plan

min_version("9.27")


configfile: "config.yaml"


config = configured(config, workflow.configfiles)


include: "workflow/rules/common.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/text.smk"
include: "workflow/rules/vectors.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/nouns.smk"
include: "workflow/rules/images.smk"
include: "workflow/rules/devise.smk"
include: "workflow/rules/search.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        rules.translation.input,
        rules.images.input,
        "<results>/index.html",


hold_to_plan(workflow)  # the code and configuration of each job are those that were planned
attend(workflow)  # locks that killed runs left go now; states of finished trainings in the end
