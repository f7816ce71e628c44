"""The configuration: what is filled in, what is refused and in which words, and its schema."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml
from jsonschema import Draft202012Validator
from snakemake.cli import parse_config
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from workflow.config import MAX_PROBLEMS, SCHEMA, load, load_workflow, read_schema
from workflow.config_errors import resolve, schema_keys

ROOT = Path(__file__).resolve().parents[2]

TOY = """
$defs:
  rate: {type: number, minimum: 0, exclusiveMaximum: 1, unit: share, default: 0.1}
  verses:
    type: object
    additionalProperties: false
    required: [kind]
    properties:
      kind: {const: verses}
      french: {type: string, default: lsg}
  lines:
    type: object
    additionalProperties: false
    required: [kind, files]
    properties:
      kind: {const: lines}
      files: {type: array, items: {type: string}, minItems: 2, description: Two texts.}
      encoding: {enum: [utf-8, latin-1], default: utf-8}
  place:
    oneOf:
      - {type: object, additionalProperties: false, required: [url], properties: {url: {}}}
      - type: object
        additionalProperties: false
        required: [package, version]
        properties: {package: {}, version: {}}
  variant:
    type: object
    additionalProperties: false
    properties:
      hidden: {type: integer, minimum: 1, unit: units, default: 128}
      dropouts:
        type: object
        additionalProperties: false
        default: {}
        properties: {input: {$ref: "#/$defs/rate"}, output: {$ref: "#/$defs/rate", default: 0.3}}
type: object
additionalProperties: false
required: [seeds]
properties:
  seeds: {type: array, minItems: 1, uniqueItems: true, items: {type: integer}}
  run:
    type: object
    additionalProperties: false
    default: {}
    properties:
      variants: {type: array, items: {type: string, entryOf: variants}, default: []}
  shared: {$ref: "#/$defs/variant", default: {}}
  variants:
    type: object
    default: {}
    inherit: shared
    additionalProperties: {$ref: "#/$defs/variant"}
  corpora:
    type: object
    default: {}
    description: Texts.
    additionalProperties: {oneOf: [{$ref: "#/$defs/verses"}, {$ref: "#/$defs/lines"}]}
  pattern: {type: [string, "null"], format: regex, default: null}
  places: {type: array, items: {$ref: "#/$defs/place"}, default: []}
  longest: {anyOf: [{type: "null"}, {type: integer, minimum: 1, unit: tokens}], default: null}
"""


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "schema.yaml"
    path.write_text(TOY)
    return path


def problems(config: dict[str, Any], schema: Path) -> list[str]:
    with pytest.raises(WorkflowError) as caught:
        load(config, schema)
    return str(caught.value).splitlines()


def test_defaults_are_filled_in_at_any_depth_and_in_named_entries(schema: Path):
    config = {
        "seeds": [7, 5],
        "variants": {"small": {"hidden": 8}, "plain": {}},
        "corpora": {"mine": {"kind": "lines", "files": ["b", "a"]}, "bible": {"kind": "verses"}},
    }
    assert load(config, schema) == {
        "seeds": [7, 5],
        "run": {"variants": []},
        "variants": {
            "small": {"hidden": 8, "dropouts": {"input": 0.1, "output": 0.3}},
            "plain": {"hidden": 128, "dropouts": {"input": 0.1, "output": 0.3}},
        },
        "corpora": {
            "mine": {"kind": "lines", "files": ["b", "a"], "encoding": "utf-8"},
            "bible": {"kind": "verses", "french": "lsg"},
        },
        "longest": None,
        "pattern": None,
        "places": [],
        "shared": {"hidden": 128, "dropouts": {"input": 0.1, "output": 0.3}},
    }


def test_entries_inherit_before_defaults_are_filled_in(schema: Path):
    config = {
        "seeds": [1],
        "shared": {"hidden": 64, "dropouts": {"input": 0.2}},
        "variants": {"small": {"hidden": 8}, "dry": {"dropouts": {"output": 0.0}}, "as_is": None},
    }
    assert load(config, schema)["variants"] == {
        "small": {"hidden": 8, "dropouts": {"input": 0.2, "output": 0.3}},
        "dry": {"hidden": 64, "dropouts": {"input": 0.2, "output": 0.0}},
        "as_is": {"hidden": 64, "dropouts": {"input": 0.2, "output": 0.3}},
    }


def test_the_order_of_keys_in_the_file_makes_no_difference(schema: Path):
    one = load({"seeds": [1], "variants": {"b": {}, "a": {"dropouts": {}, "hidden": 2}}}, schema)
    two = load({"variants": {"a": {"hidden": 2, "dropouts": {}}, "b": {}}, "seeds": [1]}, schema)
    assert repr(one) == repr(two)
    assert list(one["variants"]["a"]["dropouts"]) == ["input", "output"]


def test_configuration_and_defaults_are_not_modified(schema: Path):
    config: dict[str, Any] = {"seeds": [1], "variants": {"a": {}}}
    first = load(config, schema)
    first["variants"]["a"]["dropouts"]["input"] = 0.9
    assert config == {"seeds": [1], "variants": {"a": {}}}
    assert load(config, schema)["variants"]["a"]["dropouts"]["input"] == 0.1


def test_names_that_yaml_reads_as_numbers_are_text(schema: Path):
    assert load({"seeds": [1], "variants": {2018: {}}}, schema)["variants"].keys() == {"2018"}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"variants": {"all": {"hiden": 3}}},
            "variants.all.hiden: unknown key, expected one of dropouts, hidden "
            "(did you mean hidden?); correct or remove it",
        ),
        (
            {"hidden": 3},
            "hidden: unknown key, expected one of corpora, longest, pattern, places, run, "
            "seeds, shared, variants; "
            "move it to shared.hidden or variants.*.hidden",
        ),
        (
            {"variants": {"all": {"hidden": 0}}},
            "variants.all.hidden: expected an integer at least 1 in units, got 0; "
            "the default is 128",
        ),
        (
            {"variants": {"all": {"dropouts": {"input": "1e-2"}}}},
            "variants.all.dropouts.input: expected a number at least 0 below 1 in share, "
            'got "1e-2"; YAML reads this as text; write a point and a sign, as in 1.0e-3',
        ),
        (
            {"variants": {"all": {"dropouts": None}}},
            "variants.all.dropouts: expected a mapping, got null; the default is {}",
        ),
        (
            {"run": {"variants": ["small"]}, "variants": None},
            "variants: expected a mapping, got null; the default is {}",
        ),
        ({"seeds": []}, "seeds: expected a list with a length of at least 1, got []; change it"),
        ({"seeds": [3, True]}, "seeds[1]: expected an integer, got true; change it"),
        (
            {"run": {"variants": ["smal"]}, "variants": {"small": {}, "plain": {}}},
            "run.variants[0]: expected one of plain, small (did you mean small?) "
            '(the entries of variants), got "smal"; change it',
        ),
        (
            {"corpora": {"bible": {"kind": "verse"}}},
            "corpora.bible.kind: expected one of lines, verses (did you mean verses?), "
            'got "verse"; change it',
        ),
        (
            {"corpora": {"mine": {"kind": "lines"}}},
            "corpora.mine.files: expected a list with a length of at least 2, got nothing; "
            "Two texts",
        ),
        (
            {"corpora": {"mine": {"kind": "lines", "files": ["é", "e"], "encoding": "é"}}},
            'corpora.mine.encoding: expected one of "utf-8", "latin-1", got "é"; '
            'the default is "utf-8"',
        ),
        (
            {"longest": 0},
            "longest: expected null or an integer at least 1 in tokens, got 0; the default is null",
        ),
        (
            {"pattern": "(why"},
            'pattern: expected text or null that is a valid regex, got "(why"; the default is null',
        ),
        (
            {"places": [{"url": "a"}, {"packge": "b", "package": "b", "version": "1"}]},
            "places[1].packge: unknown key, expected one of package, version "
            "(did you mean package?); correct or remove it",
        ),
    ],
)
def test_a_problem_is_one_line_with_expected_value_and_remedy(
    schema: Path, config: dict[str, Any], expected: str
):
    assert problems({"seeds": [1], **config}, schema) == [expected]


def test_all_problems_are_reported_at_once_up_to_a_limit(schema: Path):
    lines = problems({"variants": {f"v{n:02}": {"hidden": -n} for n in range(14)}}, schema)
    assert lines[0].startswith("seeds: expected a list")
    assert len(lines) == MAX_PROBLEMS + 1
    assert lines[-1] == "and 5 more problems"


# The schema of the project


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return read_schema(SCHEMA)


def mappings(node: Any, root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every schema of a mapping with properties below ``node``."""
    if isinstance(node, list):
        for part in node:
            yield from mappings(part, root)
    if isinstance(node, dict):
        node = resolve(node, root)
        if isinstance(node.get("properties"), dict):
            yield node
        for name, part in node.items():
            if name not in ("if", "then"):  # conditions on other keys
                yield from mappings(part, root)


def test_the_schema_is_a_valid_one(project: dict[str, Any]):
    Draft202012Validator.check_schema(project)


def test_the_schema_is_closed(project: dict[str, Any]):
    assert [m for m in mappings(project, project) if "additionalProperties" not in m] == []


def test_every_key_has_a_description_unless_its_name_and_unit_have_all_of_it(
    project: dict[str, Any],
):
    def explains_itself(node: dict[str, Any]) -> bool:
        is_measured = node.get("unit", "1") != "1"
        return is_measured or "properties" in node or "propertyNames" in node or "oneOf" in node

    keys = dict(schema_keys(project, project)).items()
    bare = {path for path, node in keys if not node.get("description")}
    exempt = {path for path, node in keys if explains_itself(node)}
    assert bare - exempt == set()


def test_every_key_has_a_default_or_is_required(project: dict[str, Any]):
    without = [
        name
        for mapping in mappings(project, project)
        for name, child in mapping["properties"].items()
        if "default" not in resolve(child, project) and name not in mapping.get("required", [])
    ]
    assert without == []


def test_every_number_has_a_unit(project: dict[str, Any]):
    def numbers(node: dict[str, Any]) -> bool:
        node = resolve(node, project)
        types = node.get("type", [])
        within = [*node.get("anyOf", []), *node.get("oneOf", []), node.get("items", {})]
        is_number = bool({"number", "integer"} & set([types] if isinstance(types, str) else types))
        return "unit" not in node and (is_number or any(numbers(n) for n in within if n))

    assert [path for path, node in schema_keys(project, project) if numbers(node)] == []


def test_every_seed_is_valid_in_numpy(project: dict[str, Any]):
    largest = 2**32 - 1
    np.random.RandomState(largest)
    with pytest.raises(ValueError, match="between 0 and"):
        np.random.RandomState(largest + 1)
    seeds = {path: node for path, node in schema_keys(project, project) if path.endswith("seed")}
    seeds["run.seeds"] = resolve(
        project["properties"]["run"]["properties"]["seeds"]["items"], project
    )
    assert {path for path, node in seeds.items() if node.get("maximum") != largest} == set()
    assert len(seeds) >= 4


def test_every_default_is_valid_itself(project: dict[str, Any]):
    for path, node in schema_keys(project, project):
        if node.get("default") is not None:
            rooted = {**node, "$defs": project.get("$defs", {})}
            errors = [
                error.message
                for error in Draft202012Validator(rooted).iter_errors(node["default"])
                if error.validator != "required" or node["default"] != {}
            ]
            assert errors == [], path


@pytest.mark.parametrize(
    ("key", "kind"),
    [("search.method", "text"), ("features.weights", "text"), ("nouns.vectors", "text or a list")],
)
def test_keys_that_images_need_are_required_when_there_are_images(key: str, kind: str):
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    block, name = key.split(".")
    del config[block][name]
    assert problems(config, SCHEMA)[0].startswith(f"{key}: expected {kind}, got null")
    config["run"]["images"] = []
    load(config, SCHEMA)


def test_a_close_name_here_goes_before_the_same_name_elsewhere(tmp_path: Path):
    split = "{type: object, properties: {seed: {}}}"
    closed = f"{{additionalProperties: false, properties: {{seeds: {{}}, split: {split}}}}}"
    (tmp_path / "schema.yaml").write_text(closed)
    with pytest.raises(WorkflowError, match=r"did you mean seeds\?\); correct or remove it"):
        load({"seed": 1}, tmp_path / "schema.yaml")


def keywords(node: Any) -> Iterator[str]:
    """Yield every keyword of a schema; below ``properties`` and ``$defs`` are names."""
    if isinstance(node, list):
        for part in node:
            yield from keywords(part)
    elif isinstance(node, dict):
        for keyword, value in node.items():
            yield keyword
            named = keyword in ("properties", "$defs")
            yield from keywords(list(value.values()) if named else _schemas(keyword, value))


def _schemas(keyword: str, value: Any) -> Any:
    """Return what is a schema itself in the ``value`` of a keyword; a default is none."""
    return None if keyword in ("default", "const", "enum", "required") else value


@pytest.mark.parametrize("kind", ["path", "local_path"])
def test_paths_have_no_tabs_and_line_ends_which_tables_of_images_cannot_hold(
    project: dict[str, Any], kind: str
):
    pattern = re.compile(project["$defs"][kind]["pattern"])
    paths = ["my photos/\u00e9t\u00e9", "a\tb", "a\nb", "a\n", "\x1b[2J"]
    assert [path for path in paths if pattern.search(path)] == paths[:1]


def test_no_unquoted_comma_ends_a_description(project: dict[str, Any]):
    allowed = {*Draft202012Validator.VALIDATORS, "$schema", "$defs", "description", "default"}
    allowed |= {"title", "then", "unit", "entryOf", "formerly", "inherit", "packages", "examples"}
    assert set(keywords(project)) - allowed == set()


# Keys of earlier versions


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"picture_sets": {}}, "picture_sets: is image_sets now; rename it"),
        ({"run": {"pictures": []}}, "run.pictures: is run.images now; rename it"),
        (
            {"variants": {"all": {"forcing": {"coin": "token"}}}},
            "variants.all.forcing.coin: is variants.all.forcing.sampling_unit now; rename it",
        ),
        (
            {"search": {"examples": {"a": {"index": "images", "pictures": 3}}}},
            "search.examples.a.pictures: is search.examples.a.images now; rename it",
        ),
    ],
)
def test_a_renamed_key_is_refused_with_its_present_name(changes: dict[str, Any], line: str):
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    update_config(config, changes)
    assert line in problems(config, SCHEMA)


def test_no_former_name_is_a_key_again(project: dict[str, Any]):
    assert (
        former_names(project).keys() & {path for path, _ in schema_keys(project, project)} == set()
    )


def test_the_changelog_lists_every_renamed_key_and_the_schema_those_of_the_changelog(
    project: dict[str, Any],
):
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    lines = re.findall(r"^- `([\w.*]+)` -> `([\w.*]+)`$", text, flags=re.MULTILINE)
    names = former_names(project)
    keys = {path for path, _ in schema_keys(project, project)}
    assert {(o, n) for o, n in lines if n in keys} == {
        (old, new) for old, new in names.items() if not old.startswith("variant_defaults.")
    }


def former_names(project: dict[str, Any]) -> dict[str, str]:
    """Return {path with a former name: present path} of every renamed key."""
    named = (
        (path, node["formerly"])
        for path, node in schema_keys(project, project)
        if "formerly" in node
    )
    return {".".join([*path.split(".")[:-1], old]): path for path, old in named}


class Settings(NamedTuple):
    """Snakemake's settings of a configuration."""

    configfiles: list[Path]
    config: dict[str, Any]
    config_args: list[str]


class Loaded(NamedTuple):
    """A workflow whose configuration Snakemake has read from files and command line."""

    config: dict[str, Any]
    configfiles: list[str | Path]
    config_settings: Settings


def loaded(mine: Path, text: str, *arguments: str) -> dict[str, Any]:
    """Return the configuration of ``snakemake --configfile MINE --config ARGUMENTS``."""
    mine.write_text(text, encoding="utf-8")
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    settings = Settings([mine], parse_config(arguments), list(arguments))
    update_config(config, yaml.safe_load(text))
    update_config(config, settings.config)
    return load_workflow(Loaded(config, [mine, ROOT / "config.yaml"], settings))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("run={seeds: [7]}", [7]),
        ("run={seeds: [7, 8], variants: [all]}", [7, 8]),
        ('run={"seeds": [7]}', [7]),
    ],
)
def test_numbers_inside_the_command_line_are_numbers(tmp_path: Path, argument: str, value: object):
    assert loaded(tmp_path / "mine.yaml", "device: cpu", argument)["run"]["seeds"] == value


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("device: cpu\nrun:\n  seeds: [x]", [], "mine.yaml, line 3: run.seeds[0]: expected an int"),
        ("device: cpu\nrun: [seeds]", [], "mine.yaml, line 2: run: expected a mapping, got"),
        ("device: cpu\nrun:", [], "mine.yaml, line 2: run: expected a mapping, got null"),
        ("device: cpu\ndecoding: {bean: 1}", [], "mine.yaml, line 2: decoding.bean: unknown key"),
        (
            "split: {valid: 1.0e-1, test: 0.95}",
            [],
            "mine.yaml, line 1: split.valid and split.test: exp",
        ),
        (
            "corpora: {a: {kind: lines, fr: x}}",
            [],
            "mine.yaml, line 1: corpora.a.en: expected text, got nothing",
        ),
        (
            "device: cpu",
            ["decoding={beam: x}"],
            "decoding.beam: expected an integer at least 1 in h",
        ),
        ("device: cpu", ["run={seeds: [7"], 'run: expected a mapping, got "{seeds: [7"'),
    ],
)
def test_an_error_has_the_file_and_the_line_of_its_key(
    tmp_path: Path, text: str, arguments: list[str], message: str
):
    with pytest.raises(WorkflowError) as caught:
        loaded(tmp_path / "mine.yaml", text, *arguments)
    assert message in str(caught.value)


def test_the_configuration_below_may_be_named_as_well(tmp_path: Path):
    mine, below = tmp_path / "mine.yaml", ROOT / "config.yaml"
    mine.write_text("image_split: {unseen: 1.0}", encoding="utf-8")
    config = yaml.safe_load(below.read_text(encoding="utf-8"))
    update_config(config, {"image_split": {"unseen": 1.0}})
    workflow = Loaded(config, [below, mine, below], Settings([below, mine], {}, []))
    with pytest.raises(WorkflowError, match=r"mine.yaml, line 1: image_split.unseen: expected"):
        load_workflow(workflow)
