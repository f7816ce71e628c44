"""How large the project may be, what may import what, and what each rule has."""

import ast
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from tests.planned import Planner, unchanging_code
from workflow import provenance

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "workflow/scripts"
PACKAGE = SCRIPTS / "wordbridge"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
RULES = [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]
# Each package imports those of the layers before its own only.
COMMON = {"errors", "text", "files", "arrays", "tensors", "progress", "job"}  # mutual
LAYERS = [
    COMMON,
    {"sources", "corpus", "training", "manifest", "significance"},
    {"vectors", "why", "startup"},
    {"translation", "nouns"},
    *({"images"}, {"devise"}, {"search"}, {"report"}, {"serve"}, {"cli"}),
]
SMALL = re.compile(r"stale|rerun|retrain|train again|expensive", re.IGNORECASE)
# Words that the field does not use, as regular expressions.
FORBIDDEN = {
    "old words": r"so many\b|broken off|for want of|do without|(?:hold|held) against|give leave|"
    r"\b(?:told|harmed|foretold|foretells?|speaks?|(?<!\.)tells?(?! \w+ apart)|standing|"
    r"second_voice|voiced_head|photo_gate|take_chosen|reckon\w*|mend(?:s|ed|ing)?)\b",
    "one's own": r"\bone's own\b|\bwhat(?:ever)? stands\b|\bstands? in (?:the|an?)\b|"
    r"\b(?:config|configuration|file|model|rule|table|test|tree|workflow|Slurm|Snakemake) knows\b",
    "say": r"\b(?:say|says|said)\b",
    "picture": r"(?i)pictur(?:e|ing)",
}
# Quotes of the corpora, former keys, and this file.
QUOTES = {
    "old words": [r"tests/test_house\.py", r"tests/corpus/", r"wordbridge/corpus/"],
    "one's own": [r"tests/test_house\.py"],
    "say": [
        r"tests/(?:corpus/|test_house\.py|report/test_corpus\.py|test_results\.py)",
        r"wordbridge/corpus/(?:bible|question_words)\.py",
        r"config\.schema\.yaml|docs/configuration\.md",
    ],
    "picture": [
        r"tests/(?:test_house|workflow/test_config)\.py",
        r"CHANGELOG\.md|config\.schema\.yaml",
    ],
}
# Identifiers are nouns.
PARTICIPLES = {"asked", "found", "made", "own", "said", "taken", "told", "wanted", "whole"}
WORDED = re.compile(r"(?:\.(?:py|smk|ya?ml|toml|tsv)|Snakefile|Makefile|README\.md|CHANGELOG\.md)$")
LIBRARIES = ["snakemake", "torch", "spacy", "fasttext", "nmslib", "torchvision", "numpy", "pandas"]


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_the_package_has_few_modules_of_middle_size():
    assert len(MODULES) <= 112
    sizes = {path.relative_to(PACKAGE).as_posix(): len(lines(path)) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > 400} == {}
    small = [name for name, size in sizes.items() if size < 40]
    assert len(small) <= 6
    docstrings = {n: ast.get_docstring(ast.parse((PACKAGE / n).read_text())) for n in small}
    assert [name for name, text in docstrings.items() if not SMALL.search(text or "")] == []


def test_rules_and_scripts_are_few_and_every_script_has_an_environment():
    text = "".join(path.read_text(encoding="utf-8") for path in RULES)
    rules = re.split(r"^(?:rule|checkpoint) ", text, flags=re.MULTILINE)[1:]
    assert len(rules) <= 66
    assert len(list(SCRIPTS.glob("*.py"))) <= 60
    scripted = [rule for rule in rules if re.search(r"^    script:", rule, flags=re.MULTILINE)]
    assert [rule.split(":")[0] for rule in scripted if "\n    conda:" not in rule] == []


def test_the_configuration_is_short():
    text = lines(ROOT / "config.yaml")
    assert len(text) <= 250
    assert [line for line in text if re.search(r"(?<!\S)[&*]\w", line.partition("#")[0])] == []


def test_the_schema_is_wrapped_at_100_columns():
    text = lines(ROOT / "workflow/schemas/config.schema.yaml")
    assert [line for line in text if len(line) > 100] == []


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_code_and_configuration_use_the_words_of_the_field(kind: str):
    forbidden, quotes = re.compile(FORBIDDEN[kind]), re.compile("|".join(QUOTES[kind]))
    paths = [path for path in tracked() if WORDED.search(path) and not quotes.search(path)]
    assert len(paths) > 100
    wrong = [
        f"{path}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(lines(ROOT / path), start=1)
        if forbidden.search(line)
    ]
    assert wrong == []


def test_identifiers_are_nouns():
    wrong = []
    for path in (path for path in tracked() if path.endswith(".py")):
        with tokenize.open(ROOT / path) as file:
            tokens = list(tokenize.generate_tokens(file.readline))
        named = (token for token in tokens if token.type == tokenize.NAME)
        wrong += [f"{path}:{t.start[0]}: {t.string}" for t in named if t.string in PARTICIPLES]
    assert wrong == []


def tracked() -> list[str]:
    """Return the files in git; the test is skipped in a copy without it."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return [path for path in listed if (ROOT / path).exists()]


# ---- Imports ------------------------------------------------------------------------------------


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of the package, without its name, that a module imports anywhere."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, path
            module = node.module or ""
            names = [f"{module}.{a.name}" if is_package(module) else module for a in node.names]
        assert not any(name.split(".")[0] == "workflow" for name in names), path
        yield from (name.split(".", 1)[1] for name in names if name.startswith("wordbridge."))


def is_package(name: str) -> bool:
    return (SCRIPTS / name.replace(".", "/")).is_dir()


def layer(module: str) -> int:
    (number,) = (n for n, names in enumerate(LAYERS) if module.split(".")[0] in names)
    return number


def graph() -> dict[str, set[str]]:
    """Return what each module imports of the package."""
    names = {path: ".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in MODULES}
    return {name: set(imported(path)) for path, name in names.items()}


def test_no_module_imports_upwards():
    wrong = [
        f"{module} imports {other}"
        for module, others in graph().items()
        for other in others
        if layer(other) >= layer(module)
        and module.split(".")[0] != other.split(".")[0]
        and not {module, other} <= COMMON
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle():
    left = graph()
    while free := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in free}
    assert left == {}


# ---- Libraries ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return what the scripts of the default's and the lesson's jobs import."""
    rules, default = set[str](), yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    lesson = yaml.safe_load((ROOT / "configs/lesson.yaml").read_text(encoding="utf-8"))
    with unchanging_code():
        for number, changes in enumerate(({}, lesson)):
            config = {}
            for each in (default, changes):
                update_config(config, each)
            planner = Planner(tmp_path_factory.mktemp(f"default{number}"))
            rules |= {job.rule for job in planner.plan(config).jobs.values()}
    scripts = [SCRIPTS / f"{rule}.py" for rule in rules]
    # Snakemake begins each script with an import of itself.
    return {"snakemake", *(name for each in scripts for name in provenance._modules(each)[1])}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_job_of_the_default_or_the_lesson_imports(libraries: set[str], library: str):
    assert library in libraries
