"""A toy workflow with the project's own provenance: edits during a run, errors, installations."""

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.mini_tree import ROOT, edit

Workflow = Callable[..., CompletedProcess[str]]
Stale = Callable[..., set[str]]

PACKAGE = "workflow/scripts/wordbridge"
SHARED = [
    "workflow/__init__.py",
    "workflow/config.py",
    "workflow/config_errors.py",
    "workflow/relations.py",
    "workflow/provenance.py",
    "workflow/scripts/wordbridge/__init__.py",
    "workflow/scripts/wordbridge/errors.py",
    "workflow/scripts/wordbridge/files.py",
    "workflow/scripts/wordbridge/startup.py",
    "workflow/scripts/wordbridge/text.py",
    "workflow/scripts/wordbridge/job.py",
    "workflow/scripts/wordbridge/progress.py",
    "profiles/default/config.yaml",
]
SCRIPT = '''"""Toy."""

from wordbridge.errors import InputError
from wordbridge.job import start_job
from wordbridge.{module} import text_of

start_job(snakemake)
if snakemake.params.config["fail"]:
    raise InputError("fail: expected false, got true; turn it off")
with open(snakemake.input[0]) as source, open(snakemake.output[0], "w") as target:
    target.write(text_of(source.read()))
'''
TOY = {
    "Snakefile": """
from workflow.config import load
from workflow.provenance import check_plan


configfile: "config.yaml"


config = load(config, f"{workflow.basedir}/schema.yaml")


rule all:
    input:
        "<results>/joined.txt",


include: "workflow/rules/toy.smk"


check_plan(workflow)
""",
    "workflow/rules/toy.smk": "".join(
        f"""
rule {rule}:
    input:
        "{source}",
    output:
        "<results>/{target}.txt",
    log:
        "logs/{rule}.log",
    params:
        config=config["{rule}"],
    script:
        "../scripts/{rule}.py"

"""
        for rule, source, target in [
            ("read_letters", "raw.txt", "letters"),
            ("join_letters", "<results>/letters.txt", "joined"),
        ]
    ),
    "workflow/scripts/read_letters.py": SCRIPT.format(module="letters"),
    "workflow/scripts/join_letters.py": SCRIPT.format(module="joints"),
    "workflow/scripts/wordbridge/letters.py": (
        '"""Letters."""\n\n\ndef text_of(text):\n    return "".join(sorted(set(text)))\n'
    ),
    "workflow/scripts/wordbridge/joints.py": "def text_of(text):\n    return '-'.join(text)\n",
    "config.yaml": "read_letters: {fail: false}\njoin_letters: {fail: false}\n",
    "schema.yaml": "type: object\n",
    "raw.txt": "abracadabra",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, workflow: Workflow) -> Path:
    """Return a toy checkout whose workflow has run."""
    checkout = tmp_path_factory.mktemp("toy")
    for name in SHARED:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    for name, text in TOY.items():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text)
    workflow(checkout, snakefile=checkout / "Snakefile")
    return checkout


@pytest.fixture
def checkout(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of the finished checkout, to be edited."""
    return shutil.copytree(finished, tmp_path / "copy")


def test_an_edit_during_a_run_stops_later_jobs_and_the_next_run_does_them(
    checkout: Path, workflow: Workflow, stale: Stale
):
    # The first job edits a module of a later one, as a person might.
    edit(
        checkout / PACKAGE / "letters.py",
        "    return",
        "    from pathlib import Path\n\n"
        "    joints = Path(__file__).with_name('joints.py')\n"
        "    joints.write_text(joints.read_text().replace('-', '+'))\n    return",
    )
    snakefile = checkout / "Snakefile"
    shown = workflow(checkout, "--keep-going", snakefile=snakefile, ok=False).stdout
    assert "error: code changed after the workflow started: expected wordbridge/joints.py" in shown
    assert stale(checkout, snakefile=snakefile) - {"all"} == {"join_letters"}
    workflow(checkout, snakefile=snakefile)
    assert (checkout / "results/joined.txt").read_text() == "a+b+c+d+r"
    assert stale(checkout, snakefile=snakefile) == set()


def test_an_expected_error_is_one_line_that_the_profile_shows(checkout: Path, workflow: Workflow):
    edit(checkout / "config.yaml", "join_letters: {fail: false", "join_letters: {fail: true")
    shown = workflow(checkout, snakefile=checkout / "Snakefile", ok=False).stdout
    message = "error: fail: expected false, got true; turn it off"
    assert (checkout / "logs/join_letters.log").read_text() == f"{message}\n"
    assert message in shown
    assert not (checkout / "results/joined.txt").exists()


def test_a_wordbridge_installed_from_elsewhere_stops_the_workflow(
    checkout: Path, tmp_path: Path, workflow: Workflow
):
    installed = tmp_path / "site-packages"
    shutil.copytree(checkout / PACKAGE, installed / "wordbridge")
    path = {"PYTHONPATH": str(installed)}
    shown = workflow(checkout, snakefile=checkout / "Snakefile", env=path, ok=False).stdout
    assert "run `pip install -e .` in the checkout" in shown
