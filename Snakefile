"""wordbridge: French questions into English, and images found by words."""

from snakemake.utils import min_version

from workflow.cleanup import install_hooks
from workflow.config import load_workflow
from workflow.provenance import check_plan
from wordbridge.startup import CHECKOUT, prepare_snakemake

min_version("9.27")
prepare_snakemake()


# The working folder's, or else the checkout's.
configfile: next(filter(os.path.exists, ["config.yaml", CHECKOUT / "config.yaml"]))


report: "workflow/report/workflow.rst"


config = load_workflow(workflow)


include: "workflow/rules/common.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/vectors.smk"
include: "workflow/rules/translation.smk"
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
        "<results>/explorer.html",


check_plan(workflow)  # jobs run with the planned code and configuration
install_hooks(workflow)  # remove the locks of killed runs, and states of finished trainings
