"""The environment files: in step with the lock, and with what the scripts import."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from workflow import provenance

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, str]:
    """Return {distribution: version} of requirements.lock."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = (line.partition(";")[0].strip() for line in lines if not line.startswith("#"))
    return dict(pin.split("==") for pin in pins)


def pinned(environment: Path) -> dict[str, str]:
    """Return {distribution: version} of the pip section of an environment file."""
    dependencies = yaml.safe_load(environment.read_text(encoding="utf-8"))["dependencies"]
    (section,) = (part["pip"] for part in dependencies if isinstance(part, dict))
    return dict(pin.split("==") for pin in section)


def jobs() -> list[tuple[str, str]]:
    """Return (environment file, script) of every rule, both as paths from the root."""
    pairs = []
    for rules in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for block in re.split(r"^(?=rule |checkpoint )", rules.read_text(), flags=re.MULTILINE):
            conda = re.search(r'conda:\s+"(.+)"', block)
            script = re.search(r'script:\s+"(.+)"', block)
            if script:
                assert conda, f"no environment for {script[1]}"
                paths = [(rules.parent / match[1]).resolve() for match in (conda, script)]
                pairs.append(tuple(str(path.relative_to(ROOT)) for path in paths))
    return pairs


def test_the_lock_pins_everything_exactly_and_names_no_host():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--" not in text.replace("pip freeze --all --exclude wordbridge", "")
    for name, version in locked().items():
        assert re.fullmatch(r"[0-9][\w.+!]*", version), name


def test_the_lock_has_every_dependency_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    named = [re.match(r"[\w.-]+", name) for name in project["dependencies"] + extras]
    assert {normal(m[0]) for m in named if m} - {"wordbridge"} <= locked().keys()


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.name)
def test_an_environment_file_has_the_versions_of_the_lock(environment: Path):
    pins = pinned(environment)
    assert pins == {name: locked()[name] for name in sorted(pins)}


@pytest.mark.parametrize(("environment", "script"), jobs())
def test_a_script_finds_what_it_imports_in_its_environment(environment: str, script: str):
    needed = set(map(normal, provenance.versions(ROOT / script)))
    assert needed <= pinned(ROOT / environment).keys()
