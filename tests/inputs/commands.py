"""Command lines in a finished run: translators plain (2 and 10), turned (3) and tagged (8)."""

import json

from tests.inputs import files
from tests.inputs.rows import HERE, UNPICKLED, Command, Held, Row, half, swap
from tests.inputs.texts import XLSX
from tests.manifest_toys import TABLE

TRANSLATE = ("translate", "Qui vient ?")
CLI = "tests/test_cli.py"

ROWS: list[Row] = [
    Command("no model", TRANSLATE, "expected trained translators, got a file", 1, None, {"": b""}),
    Command(
        "settings of nothing", TRANSLATE, "got none with decoding", 1, None, {"config.json": b"{}"}
    ),
    Command(
        "no settings but text", TRANSLATE, "in JSON, got none", 1, None, {"config.json": b"no"}
    ),
    Command(
        "a cut model", TRANSLATE, "expected the weights", 1, None, {"@/model.safetensors": half}
    ),
    Command(
        "weights of another model",
        TRANSLATE,
        "expected the weights",
        damaged={"@/model.safetensors": files.weights()},
    ),
    Command(
        "a model of size -1",
        TRANSLATE,
        "expected the weights",
        damaged={"@/settings.json": swap(b'"source": [\n  ', b'"source": [\n  -')},
    ),
    Command(
        "a list for a model",
        TRANSLATE,
        "as a JSON object, got list",
        damaged={"@/settings.json": b"[]"},
    ),
    Command(
        "a model without direction",
        TRANSLATE,
        "expected target_versions and a direction of fr-en, en-fr",
        damaged={"@/settings.json": swap(b'"direction"', b'"towards"')},
    ),
    Command(
        "a score without figures",
        TRANSLATE,
        "expected the scores of a run with bleu_single, got none",
        damaged={"scores/plain/10.json": b"{}"},
    ),
    Command(
        "bytes of no text",
        ("translate",),
        "stdin, line 1: expected UTF-8 text on one line, got byte 0xff",
        1,
        b"\xff\xd8\xff\xe0\0\n",
    ),
    Command(
        "lines in UTF-16",
        ("translate",),
        "stdin, line 1: expected UTF-8, got UTF-16; convert",
        stdin="Qui ?\n".encode("utf-16"),
    ),
    Command("an .xlsx", ("translate",), "stdin: expected a text, got a compressed", stdin=XLSX),
    Command("a PDF", ("translate",), "got a PDF; save it as plain", stdin=b"%PDF-1.7\n"),
    Held(
        "a file for a text", f"{CLI}::test_the_name_of_a_file_is_a_text_with_a_warning", '"lines"'
    ),
    Command(
        "bytes of no text as words",
        ("translate", "Qui ?", "caf\udce9 ?"),
        "text 2: expected UTF-8 text on one line, got byte 0xe9 at character 4",
        0,
    ),
    Command("a book as a question", ("translate", "a " * 6000), "text 1: expected at most 10000"),
    Command(
        "a book as a French question",
        ("search", "--french", "a " * 6000 + "?"),
        "question: expected at most 10000 characters, got 12001",
    ),
    Command("a seed in words", (*TRANSLATE, "--seed", "two"), "Invalid value for '--seed'", 2),
    Command("an unknown option", (*TRANSLATE, "--bean", "2"), "No such option: --bean", 2),
    Command(
        "an image with an endless name",
        ("search", "--image", "a" * 300),
        "expected one that can be read or written, got File name too long",
    ),
    Command("no words", ("search", ""), "query '': expected a word, got none"),
    Command("a sign alone", ("search", "+"), "query '+': expected a word after the last sign"),
    Command("a sign at the end", ("search", "boat", "+"), "expected a word after the last sign"),
    Command("two signs", ("search", "boat + - sail"), "expected a word between '-' and the sign"),
    Command("bytes of no text to search", ("search", "\udce9"), "expected UTF-8 text, got other"),
    Command("no answers wanted", ("search", "boat", "--top", "0"), "Invalid value for '--top'", 2),
    Command("answers below 0", ("search", "boat", "--top", "-1"), "Invalid value for '--top'", 2),
    Command(
        "a folder for an image",
        ("search", "--image", "/"),
        "expected SET/IMAGE of an image in the index",
    ),
    Command(
        "a folder for a sheet", ("search", "boat", "--sheet", "/"), "expected the path of a new PNG"
    ),
    Command(
        "folders of indexes mixed up",
        ("search", "boat"),
        "expected the index of images, got that of nouns",
        damaged={"search/images": "search/nouns"},
    ),
    Command(
        "a cut description",
        ("search", "boat"),
        "expected a description of an index in JSON",
        damaged={"search/images/index.json": half},
    ),
    Command(
        "a description of nothing",
        ("search", "boat"),
        "got none with exact",
        damaged={"search/images/index.json": b'{"format": 1}'},
    ),
    Command(
        "labels of another index",
        ("search", "boat"),
        "labels.tsv: expected",
        damaged={"search/images/labels.tsv": half},
    ),
    Command(
        "a list of words cut short",
        ("search", "boat"),
        "build the table again",
        damaged={"search/words/en/words.txt": half},
    ),
    Command(
        "pickled vectors",
        ("search", "boat"),
        "expected a table of words",
        damaged={"search/words/en/vectors.npy": UNPICKLED},
    ),
    Command(
        "results without records", ("verify", HERE), "expected the results of an experiment wi"
    ),
    Command(
        "a record of nothing",
        ("verify", HERE),
        "expected the record of a job, got a wrong or missing rule;",
        damaged={"manifest/split_pairs.json": b"{}"},
    ),
    Command(
        "a file that no job made",
        ("verify", "--trace", f"{HERE}/strange.tsv"),
        "expected a file that a job has recorded, got one that is in no record",
        damaged={"manifest/table.json": json.dumps(TABLE).encode(), "strange.tsv": b""},
    ),
    Held("results that are not there", f"{CLI}::test_an_error_is_one_line", '"absent"'),
    Held("another variant than there is", f"{CLI}::test_an_error_is_one_line", '"plane"'),
    Held(
        "a model for another vocabulary",
        f"{CLI}::test_a_model_for_another_vocabulary_is_an_error",
        "ENGLISH[:-1]",
    ),
    *(
        Held(what, f"{CLI}::test_a_bad_line_costs_only_itself", text)
        for what, text in (
            ("a line in Latin-1", r"Qui vi\xe9nt"),
            ("a line with a NUL", r"Qui\0vient"),
            ("a line with a lone CR", r"Qui\rvient"),
            ("a line of 45,000 characters", "* 4091"),
            ("a line of invisible characters", r"\u200b\ufeff"),
            ("lines that begin with a mark and end in CR and LF", r"\xef\xbb\xbf"),
            ("line separators of Unicode inside lines", r"\u2028\u2029"),
        )
    ),
    *(
        Held(
            what,
            "tests/translation/test_scores.py::test_a_low_ceiling_is_that_of_the_references_own_tokens",
            text,
        )
        for what, text in (
            ("references with curly apostrophes", r"What\u2019s"),
            ("references with curly quotes", "“Who”"),
            ("references in capitals, scored with case", "the Box ?"),
        )
    ),
    Held(
        "references in another script",
        "tests/translation/test_translate.py::"
        "test_references_without_any_word_of_the_vocabulary_are_an_error",
        "Кто",
    ),
    Held("stdin without lines", f"{CLI}::test_without_lines_nothing_is_printed", 'stdin=""'),
    Held("an unknown word", "tests/search/test_engine.py::test_an_error_is_one_line", "baot"),
    Held(
        "words and index of two runs",
        "tests/search/test_engine.py::test_words_and_index_of_two_runs_are_refused",
        "word_vectors",
    ),
]
