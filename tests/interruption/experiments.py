"""The small experiments whose rules are killed; together they run every rule with a script."""

import copy
import sqlite3
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from snakemake.utils import update_config

from tests import image_tree
from tests.mini_tree import CONFIG, RESULTS, ROOT, copy_of_checkout
from wordbridge.corpus.pairs import TokenizedPair, write_tokenized
from wordbridge.translation.sentence_scores import SentenceScore, write_sentence_scores

SAVE_SECONDS = 0.2  # between two states, in trainings that are long enough to be killed in


class Experiment(NamedTuple):
    """What is run: its config (a path in the tree, and its content), its sources, its targets.

    ``own_kills`` is how often Snakemake itself is killed in it.
    """

    name: str
    config: str
    results: str
    settings: Callable[[], dict[str, Any]]
    write_sources: Callable[[Path], None]
    targets: tuple[str, ...] = ()
    own_kills: int = 5

    def tree(self, target: Path) -> Path:
        """Return a checkout at ``target`` with all that a run needs."""
        tree = copy_of_checkout(target)
        self.write_sources(tree)
        (tree / self.config).write_text(yaml.safe_dump(self.settings()), encoding="utf-8")
        return tree

    def configuration(self) -> dict[str, Any]:
        """Return the settings on top of the default's, as Snakemake has them."""
        return merged(read(ROOT / "config.yaml"), self.settings())


def read(path: Path) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return settings


def merged(*configs: Mapping[str, Any]) -> dict[str, Any]:
    """Return each config on top of the one before, as Snakemake merges them."""
    result: dict[str, Any] = {}
    for each in configs:
        update_config(result, copy.deepcopy(each))
    return result


# ---- Translation ---------------------------------------------------------------------------------


def mini_settings() -> dict[str, Any]:
    longer = {"epochs": 40, "checkpoint_seconds": SAVE_SECONDS}
    return merged(read(ROOT / CONFIG), {"variants": {"all": {"training": longer}}})


def nothing(tree: Path) -> None:
    """Write nothing: a checkout has the sources of the mini experiment."""


MINI = Experiment("mini", CONFIG, RESULTS, mini_settings, nothing)


# ---- Images ------------------------------------------------------------------------------------


def image_settings() -> dict[str, Any]:
    """Return the images' settings with French questions; searched by head."""
    longer = {"epochs": 400, "checkpoint_seconds": SAVE_SECONDS}
    more = {
        "methods": {"head": {"training": longer}},
    }
    return merged(read(ROOT / CONFIG), image_tree.config(), image_tree.french_config(), more)


def write_images(tree: Path) -> None:
    image_tree.write_sources(tree)
    image_tree.write_french_sources(tree)


IMAGES = Experiment(
    "images",
    image_tree.CONFIG,
    image_tree.RESULTS,
    image_settings,
    write_images,
    targets=("images", f"{image_tree.RESULTS}/tables/french.html"),
)


# ---- Verses, auxiliary text and pieces of words, which the mini experiment does without ----------

VERSES_RESULTS = "results/verses"


def verse_settings() -> dict[str, Any]:
    return {
        "pathvars": {"results": VERSES_RESULTS, "logs": "logs/verses"},
        "run": {"images": [], "variants": ["baseline"], "seeds": [1]},
        "resources": {"toy_verses": {"locations": [{"local": "verses.db"}]}},
        "corpora": {
            "toy_verses": {
                "kind": "verses",
                "verses": "toy_verses",
                "fr_versions": ["l"],
                "en_versions": ["k"],
            }
        },
        "corpus": "toy_verses",
        "auxiliary": {"use": True},
        "tokens": {"tokenizer": "sentencepiece", "pieces": 90},
    }


def write_verses(tree: Path) -> None:
    """Write the mini experiment's questions as verses, a sentence of other text before each."""
    texts = (ROOT / f"tests/mini/questions.{name}.txt" for name in ("en", "fr"))
    lines = zip(*(text.read_text(encoding="utf-8").splitlines() for text in texts), strict=True)
    questions = [(en, fr) for en, fr in lines if en.endswith("?") and fr.endswith("?")]
    who = [("The dog", "Le chien"), ("The neighbour", "La voisine"), ("The doctor", "Le médecin")]
    where = [("here", "ici"), ("near the door", "près de la porte"), ("at school", "à l'école")]
    statements = [(f"{a} is {b}.", f"{x} est {y}.") for (a, x), (b, y) in product(who, where)]
    database = sqlite3.connect(tree / "verses.db")
    database.execute("create table bible (bbName, bNumber, cNumber, vNumber, vText)")
    for number, question in enumerate(questions):
        for version, before, text in zip(
            "kl", statements[number % len(statements)], question, strict=True
        ):
            row = (version, 40, number // 20 + 1, number % 20 + 1, f"{before} {text}")
            database.execute("insert into bible values (?, ?, ?, ?, ?)", row)
    database.commit()
    database.close()


VERSES = Experiment(
    "verses",
    "verses.yaml",
    VERSES_RESULTS,
    verse_settings,
    write_verses,
    targets=(f"{VERSES_RESULTS}/subwords/pairs.tsv",),
    own_kills=2,
)

# ---- All combinations of three ideas, on the mini experiment's questions -------------------------

FACTORIAL_RESULTS, OTHER_RESULTS = "results/factorial", "results/other"


def factorial_settings() -> dict[str, Any]:
    cells = {
        f"cell{number}": {
            "model": {"bidirectional": bidirectional, "attention": attention},
            "forcing": {"schedule": schedule},
        }
        for number, (bidirectional, attention, schedule) in enumerate(
            product(("none", "all"), (False, True), ("none", "constant"))
        )
    }
    changes = {
        "pathvars": {"results": FACTORIAL_RESULTS, "logs": "logs/factorial"},
        "run": {"variants": list(cells), "seeds": [1]},
        "variants": cells,
        "range_test": {"variants": []},
        "scores": {
            "baseline": "cell0",
            "factorial": list(cells),
            "experiments": {"other": OTHER_RESULTS},
        },
    }
    return merged(read(ROOT / CONFIG), changes)


def write_other_results(tree: Path) -> None:
    """Write what ablations read of another experiment, whose test question is in train, too."""
    pairs = [
        TokenizedPair("1", "1", "Qui ?", "Who?", "", "", ["qui", "?"], ["who", "?"], split)
        for split in ("train", "test")
    ]
    statistics = {"bleu": np.ones(10), "chrf": np.ones(18), "nll": np.ones(2)}
    for folder in ("split", "scores/cell0"):
        (tree / OTHER_RESULTS / folder).mkdir(parents=True)
    write_tokenized(tree / OTHER_RESULTS / "split/pairs.tsv", pairs)
    scores = tree / OTHER_RESULTS / "scores/cell0/1.tsv"
    write_sentence_scores(scores, [SentenceScore("Qui ?", "1", 2, statistics)])


FACTORIAL = Experiment(
    "factorial",
    "factorial.yaml",
    FACTORIAL_RESULTS,
    factorial_settings,
    write_other_results,
    targets=(
        f"{FACTORIAL_RESULTS}/tables/factorial.html",
        f"{FACTORIAL_RESULTS}/tables/ablations.html",
    ),
    own_kills=1,
)

EXPERIMENTS = (MINI, IMAGES, VERSES, FACTORIAL)
