"""What is checked before Snakemake starts."""

import os
import re
from pathlib import Path

import pytest
from snakemake import cli
from snakemake.common import configfile, get_appdirs
from snakemake.common.workdir_handler import WorkdirHandler
from snakemake.exceptions import CliException
from snakemake.script import PythonScript

from wordbridge import startup
from wordbridge.errors import InputError
from wordbridge.startup import config_keys, prepare_snakemake, read_value


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("mine.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "line 1: expected keys with values (KEY: VALUE), got none; write some, or leave"),
        (b"# only\n\n", "line 1: expected keys with values (KEY: VALUE), got none"),
        (b"\n- run\n- seeds\n", "line 2: expected keys with values (KEY: VALUE), got none"),
        (b"run\n", "line 1: expected keys with values (KEY: VALUE), got none"),
        (b'a: 1\nb: "^Wh\\d"\n', "line 2: expected YAML, got an error: while parsing a quoted sc"),
        (b'a: "^Wh\\d"\n', "found unknown escape character; put the text in single quotes"),
        (b"a:\n\tb: 1\n", "line 2: expected YAML, got an error: while scanning for the next token"),
        (b"a:\n\tb: 1\n", "indent with spaces instead of tabs"),
        (b"a: 1\n\tb: 1\n", "found a tab character that violates indentation; indent with spaces"),
        ("a:\n\u00a0\u00a0b: 1\n".encode(), r"line 2: expected a key without invisible characters"),
        ("\u200ba: 1\n".encode(), r"got '\u200ba'; type the line again"),
        (b'a: "C:\\Users"\n', "hexdecimal number; put the text in single quotes"),
        (b"a: {b:[1]}\n", "found unexpected ':'; write a space after the colon"),
        (b"a: @x\n", "quote texts with special signs"),
        (b"a: b: c\n", "mapping values are not allowed in this context; quote texts that have a c"),
        (b"a:1\nb: 2\n", "line 2: expected YAML, got an error: mapping values are not allowed"),
        (b"a: 'x\nb: 1\n", "found unexpected end of stream; close the quote or bracket"),
        (b"a: [1\nb: 2\n", "line 2: expected YAML, got an error: while parsing a flow sequence"),
        (b"a:\n    b: 1\n  c: 2\n", "line 3: expected YAML, got an error: while parsing a block"),
        (b"a: 1\n---\nb: 2\n", "line 2: expected YAML, got an error: expected a single document"),
        (b"a: 1\n---\nb: 2\n", "remove the line ---, or use two files"),
        (b"a: 1\nb: *c\n", "line 2: expected YAML, got an error: found undefined alias"),
        (b"a: &a [*a]\n", "expected YAML, got maximum recursion depth exceeded"),
        (b"a: 1\nb: !!python/name:os.system\n", "line 2: expected YAML, got an error: could not"),
        (b"a: 2018-13-45\n", "expected YAML, got month must be in 1..12; correct it"),
        (b"a: 1\nb: \x07\n", "line 2: expected YAML, got an error: control characters are not"),
        (b"a: 1\n# caf\xe9\n", "line 2: expected UTF-8, got byte 0xe9 at byte 6 of the line;"),
        (b"\xff\xfea\0", "line 1: expected UTF-8, got UTF-16; convert "),
        (b"a: 1\rb: 2\r", "line 1: expected lines that end in "),
        (
            b"a: 1\nb: 010\n",
            "line 2: expected what all versions of YAML read alike, got 010;",
        ),
        (b"a: [08]\n", "got 08; put it in quotes, or write numbers without zeros in front"),
        (b"a: 1:30\n", "got 1:30; put it in quotes, or write num"),
        (
            b"a:\n  no: {}\n",
            "line 2: expected what all versions of YAML read alike, got no; put",
        ),
        (b"a: {1.10: 1}\n", "got 1.10; put it in quotes"),
        (b"a: {2019-01-01: 1}\n", "got 2019-01-01; put it in quotes"),
        (None, ": expected a configuration file, got none; check the path"),
    ],
)
def test_the_error_of_a_config_file_has_file_line_and_remedy(
    path: Path, text: bytes | None, message: str
):
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(InputError, match=rf"^mine\.yaml.*{re.escape(message)}"):
        config_keys(path)


@pytest.mark.parametrize(
    "text",
    ["a: {b: [1]}", "\ufeffa:\r\n  b:\r\n    - 1\r\n", '{"a":\n\t{"b": [1]}}', "---\na: {b: [1]}"],
)
def test_the_keys_of_a_config_file_have_lines(path: Path, text: str):
    path.write_text(text, encoding="utf-8", newline="")
    keys = dict(config_keys(path))
    assert list(keys) == ["a", "a.b", "a.b[0]"]
    assert keys["a.b[0]"] == len(text.splitlines())


def test_keys_and_values_that_all_versions_of_yaml_read_alike_are_accepted(path: Path):
    path.write_text("a: &a {2019: '010', 'no': 1_000, 1.5: no}\nb: {<<: *a, c: 0x10, d: 0}\n")
    assert len(config_keys(path)) == 11


def test_a_merged_mapping_may_have_its_keys_again(path: Path):
    path.write_text("a: &a {b: 1}\nc: {<<: *a, b: 2}\n", encoding="utf-8")
    keys = [key for key, _ in config_keys(path)]
    assert len(keys) == len(set(keys))


def test_json_with_tabs_in_texts_is_a_config_file(path: Path):
    path.write_text('{\t"a":1}', encoding="utf-8")
    config_keys(path)


def test_snakemake_reports_file_and_line(path: Path):
    path.write_text("a: 1\n\tb: 1\n", encoding="utf-8")
    prepare_snakemake()
    with pytest.raises(CliException, match=r"^mine\.yaml, line 2: expected YAML"):
        configfile.load_configfile(path)


@pytest.mark.parametrize("entry", ["run.seeds=[7]", "seeds", "a b=3", "=3", "run.seeds"])
def test_an_entry_of_the_command_line_that_is_none_is_one_line(entry: str):
    prepare_snakemake()
    message = re.escape(f"--config: expected KEY=VALUE, got 'device=cpu {entry}'; write keys ")
    with pytest.raises(CliException, match=f"^{message}"):
        cli.parse_config(["device=cpu", entry])
    assert cli.parse_config(["device=cpu"]) == {"device": "cpu"}


def test_a_value_of_the_command_line_that_yaml_reads_as_octal_is_one_line():
    with pytest.raises(InputError, match=r"^--config run, line 1: expected what .*, got 010;"):
        read_value("{seeds: [010]}", "--config run")
    assert read_value("{seeds: [10, '010']}", "--config run") == {"seeds": [10, "010"]}


@pytest.mark.parametrize("folder", ["/proc/missing/folder", "file", "/proc"])
def test_a_working_folder_that_cannot_be_written_is_one_line(path: Path, folder: str):
    Path("file").touch()
    prepare_snakemake()
    with pytest.raises(CliException, match=rf"^{folder}: expected a working folder .*; correct"):
        WorkdirHandler(Path(folder)).change_to()


@pytest.mark.parametrize("name", ["a{b}", "a:b", "a\nb", "caf\udce9"])
def test_a_checkout_with_an_impossible_path_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(startup, "CHECKOUT", Path("/home", name))
    with pytest.raises(SystemExit) as caught:
        prepare_snakemake()
    assert str(caught.value).startswith("error: checkout ")
    assert "\n" not in str(caught.value)


def test_the_path_of_python_may_have_a_space(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(startup, "_execute", lambda script, command, **options: command)
    prepare_snakemake()
    assert PythonScript._execute_cmd(None, "{py_exec} {fname:q}") == "{py_exec:q} {fname:q}"


def test_without_a_home_the_cache_is_in_the_working_folder(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/1/nohome")
    prepare_snakemake()
    assert Path(get_appdirs().user_cache_dir).parent == Path.cwd() / ".snakemake/cache"
    assert os.listdir() == []
