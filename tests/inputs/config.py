"""The configuration."""

from tests.inputs.rows import NAN, Held, Row, Run, Setting
from tests.inputs.texts import PAIRS_TARGET, SPLIT_TARGET

ALBUM = {"variants": ["all"], "seeds": [1], "unlabelled_sets": ["noto"]}
FOLDER = {"kind": "folder", "image_kind": "photo"}
QUERY = {"index": "nouns", "words": ["boat +"]}
VERSION = {"locations": [{"registry": "pypi", "package": "a", "version": 1.1}]}
REGISTRY = {"locations": [{"registry": "pipy", "package": "a", "version": "1.1"}]}
TAKEN = "tests/workflow/test_reserved_names.py::test_a_reserved_name_is_one_line"
FILE_ERRORS = "test_the_error_of_a_config_file_has_file_line_and_remedy"
CONFIG = "tests/mini/config.yaml"

ROWS: list[Row] = [
    Setting("a misspelt key", "decoding.bean", 3, "decoding.bean: unknown key, expected one of"),
    Setting("a key of another block", "beam", 3, "beam: unknown key, expected one of"),
    Setting("a key of several blocks", "training.epochs", 3, "or variant_defaults.training or "),
    Setting("a word for a number", "decoding.beam", "four", "decoding.beam: expected an integer"),
    Setting("a number for a list", "run.seeds", 3, "run.seeds: expected a list"),
    Setting("a size below 0", "variants.all.model.hidden", -1, "model.hidden: expected an integer"),
    Setting("no epochs", "variants.all.training.epochs", 0, "training.epochs: expected an integer"),
    Setting("an empty batch", "variants.all.training.batch_size", 0, "batch_size: expected an int"),
    Setting("a rate of NaN", "variants.all.training.learning_rate", NAN, "got NaN"),
    Setting("a rate without end", "variants.all.training.learning_rate", 1e999, "got Infinity"),
    Setting("a share of NaN", "split.valid", NAN, "split.valid: expected a number"),
    Setting("a share of everything", "split.valid", 1, "split.valid: expected a number"),
    Setting("a percentile over 100", "lengths.fr_percentile", 101, "lengths.fr_percentile: expect"),
    Setting("a vocabulary of zero", "vocabulary.size", 0, "vocabulary.size: expected an integer"),
    Setting("an unknown variant", "run.variants", ["al"], "run.variants[0]: expected one of all"),
    Setting("no variants", "run.variants", [], "run.variants: expected a list with a length of"),
    Setting("no seeds", "run.seeds", [], "run.seeds: expected a list with a length of at least 1"),
    Setting("a seed twice", "run.seeds", [1, 1], "run.seeds: expected distinct values, got [1, 1]"),
    Setting("a seed of 33 bits", "run.seeds", [2**32], "at most 4294967295, got 4294967296"),
    Setting("an unknown corpus", "corpus", "bibel", "corpus: expected one of bible (did you mean"),
    Setting(
        "an unknown kind", "corpora.bible.kind", "verse", "corpora.bible.kind: expected one of"
    ),
    Setting("a broken pattern", "questions.en_pattern", "Wh(at", "that is a valid regex"),
    Setting("a name with a slash", "variants.a/b", {}, "a/b"),
    Setting("an unknown fall-back", "embeddings.fallbacks", ["cases"], "embeddings.fallbacks[0]"),
    Setting("no folder of results", "pathvars.results", "", "pathvars.results: expected text"),
    Setting("a number for a name", "run.variants", [2019], "a truth value; put it in quotes"),
    Setting("a no for a name", "corpus", False, "a truth value; put it in quotes"),
    Setting("a number with a point", "decoding.beam", 4.0, "decoding.beam: expected an integer"),
    Setting("a quoted number", "decoding.beam", "4", "this is text; write 4 without quotes"),
    Setting(
        "a version that is a number", "resources.a", VERSION, "a.locations[0].version: expected"
    ),
    Setting("an unknown registry", "resources.a", REGISTRY, "locations[0].registry: expected one"),
    Setting("results with a wildcard", "pathvars.results", "results/{a}", "expected text matching"),
    Setting("results in a home", "pathvars.results", "~/a", "write for example: results/mine"),
    Setting("results with a slash", "pathvars.results", "out/", "write for example: results/mine"),
    Setting(
        "photographs in a home", "image_sets.a", {**FOLDER, "folder": "~/a"}, "a.folder: expec"
    ),
    Setting(
        "a variable in a path", "image_sets.a", {**FOLDER, "folder": "$HOME"}, "a.folder: expec"
    ),
    Setting(
        "an address for a folder", "image_sets.a", {**FOLDER, "folder": "file:///a"}, "a.folder"
    ),
    Setting("a file in a home", "resources.a", {"locations": [{"local": "~/a"}]}, "[0].local: exp"),
    Setting("logs that end in white space", "pathvars.logs", "logs/a ", "pathvars.logs: expected"),
    Setting("an album and no images", "run", ALBUM, "run.unlabelled_sets: expected none"),
    Setting("a query without its end", "search.examples.own", QUERY, "own.words[0]: expected text"),
    Setting("an unknown method to search with", "search.method", "heads", "search.method: exp"),
    Setting("a method that predicts classes", "search.method", "class_mean", "predicts classes"),
    Run(
        "a key twice in one line",
        {CONFIG: ("corpus: mini\n", "corpus: mini\ndecoding: {beam: 1, beam: 2}\n")},
        PAIRS_TARGET,
        "decoding.beam: expected once, got it in lines",
    ),
    Run(
        "a variant twice",
        {CONFIG: ("corpus: mini\n", "corpus: mini\ncorpus: mini\n")},
        PAIRS_TARGET,
        "corpus: expected once, got it in lines",
    ),
    Run(
        "a tab in YAML",
        {CONFIG: ("device: cpu", "device:\tcpu\n\tx: 1")},
        PAIRS_TARGET,
        "found a tab character that violates indentation; indent with spaces",
    ),
    Run(
        "shares over 1",
        {CONFIG: ("device: cpu", "device: cpu\nsplit: {valid: 0.6, test: 0.6}")},
        SPLIT_TARGET,
        "split.valid and split.test: expected below 1 together",
        True,
    ),
    *(
        Held(f"the text {text} without quotes", f"tests/test_startup.py::{FILE_ERRORS}", text)
        for text in ("010", "08", "1:30", "no: {}", "1.10: 1", "2019-01-01: 1")
    ),
    Held(
        "a merged mapping with a key of its own",
        "tests/test_startup.py::test_a_merged_mapping_may_have_its_keys_again",
        "<<: *a",
    ),
    Held(
        "an octal number of the command line",
        "tests/test_startup.py::test_a_value_of_the_command_line_that_yaml_reads_as_octal_is_one_line",
        "[010]",
    ),
    Held(
        "typos at every depth of the config",
        "tests/workflow/test_config.py::test_a_problem_is_one_line_with_expected_value_and_remedy",
        "variants.all.hiden",
    ),
    Held("an image set called as a file of the workflow's own", TAKEN, '"split"'),
    Held(
        "a set that is held out and does not run",
        "tests/workflow/test_relations.py::test_contradicting_keys_are_one_line_each",
        "test_sets: [fluent]",
    ),
]
