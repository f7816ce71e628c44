"""The examples of docs/python.md, run on finished experiments."""

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests import image_tree, mini_tree

TEXT = (mini_tree.ROOT / "docs/python.md").read_text(encoding="utf-8")
SECTIONS = [section.partition("\n") for section in TEXT.split("\n## ")[1:]]
EXAMPLES = {
    title: re.findall(r"^```python\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)
    for title, _, body in SECTIONS
}
PACKAGE = mini_tree.ROOT / "workflow/scripts"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Tables", "bleu_single"),
        ("Translation", "-"),
        ("Vocabulary and embeddings", "_bos_"),
        ("Search", "< entity images/"),
        ("Features and predictions of images", "('toy', 'train/n"),
    ],
)
def test_an_example_runs(
    request: pytest.FixtureRequest,
    python: Callable[..., CompletedProcess[str]],
    title: str,
    shown: str,
):
    is_image_side = title.startswith(("Search", "Features"))
    folder: Path = request.getfixturevalue("finished_images" if is_image_side else "finished")
    results = image_tree.RESULTS if is_image_side else mini_tree.RESULTS
    (code,) = EXAMPLES[title]
    ran = python("-c", code.replace("results/default", results), cwd=folder, path=PACKAGE)
    assert ran.returncode == 0, ran.stderr
    assert shown in ran.stdout


def test_every_example_has_a_test():
    assert sum(map(len, EXAMPLES.values())) == TEXT.count("```python") == 5
