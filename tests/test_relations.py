"""Keys that do not go together: each told in one line, by its name, before anything runs."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from workflow.configuration import load
from workflow.relations import check_relations

ROOT = Path(__file__).resolve().parents[1]

LINES = "corpora: {own: {kind: lines, fr: bible, en: emoji_names}}, corpus: own"
LESSON_LOSS = "training: {count_padding: true, label_smoothing: 0.1}"
LAST = "training: {keep_epoch: last, patience: 2}"
NO_MORE = "training: {auxiliary_pairs: 0, auxiliary_epochs: 0}"
PLAIN = f"variant_defaults: {{tag_versions: false, {NO_MORE}}}"
OWN = "image_sets: {own: {kind: folder, folder: images}}, run: {images: [own]}"


def problems(changes: str) -> list[str]:
    """Return the lines about the default configuration with ``changes``, a mapping in YAML."""
    config: dict[str, Any] = {}
    for text in ((ROOT / "config.yaml").read_text(encoding="utf-8"), f"{{{changes}}}"):
        # Into an empty one, as Snakemake does: what aliases stand for is one object before.
        update_config(config, yaml.safe_load(text))
    loaded = load(config, ROOT / "workflow/schemas/config.schema.yaml")
    try:
        check_relations(loaded)
    except WorkflowError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            f"{LINES}, {PLAIN}",
            "auxiliary.use: expected false for the corpus own, which is of kind lines and not "
            "verses, got true; set it to false",
        ),
        (
            "corpora: {bible: {sentences: {min_ratio: 2}}}",
            "corpora.bible.sentences.min_ratio: expected at most max_ratio (1.85), got 2; lower it",
        ),
        (
            f"{LINES}, auxiliary: {{use: false}}, variant_defaults: {{{NO_MORE}}}, "
            "run: {variants: [all]}, range_test: {variants: []}",
            "variants.all.tag_versions: expected false for the corpus own, which names no "
            "versions, got true; set it to false",
        ),
        (
            "split: {valid: 0.6, test: 0.6}",
            "split.valid and split.test: expected below 1 together, so that pairs are left to "
            "train on, got 0.6 and 0.6; lower them",
        ),
        (
            "split: {valid: 0}",
            "split.valid: expected above 0, since each training is validated after each epoch, "
            "got 0; raise it",
        ),
        (
            "split: {method: lesson}",
            "scores.split: expected valid, since there is no test split where split.method is "
            "lesson, got test; set it to valid",
        ),
        (
            "split: {test: 0}",
            "scores.split: expected valid, since there is no test split where split.test is 0, got "
            "test; set it to valid",
        ),
        (
            "variants: {attention: {forcing: {epochs: 6}}}",
            "variants.attention.forcing.hold_epochs: expected below epochs (6), the end "
            "of the fall, got 6; lower it",
        ),
        *(
            (
                f"variants: {{all: {{forcing: {{schedule: {schedule}, rate: {rate}}}}}}}",
                f"variants.all.forcing.rate: expected {expected} for the schedule {schedule}, got "
                f"{rate}; correct it",
            )
            for schedule, rate, expected in [
                ("linear", 1.5, "at most 1"),
                ("constant", 3, "at most 1"),
                ("exponential", 1, "below 1"),
                ("inverse_sigmoid", 0.5, "at least 1"),
            ]
        ),
        (
            f"variants: {{all: {{{LESSON_LOSS}}}}}",
            "variants.all.training.label_smoothing: expected 0 where count_padding is true, as the "
            "lesson's loss smooths nothing, got 0.1; set it to 0",
        ),
        (
            f"variants: {{all: {{{LAST}}}}}",
            "variants.all.training.patience: expected null with keep_epoch: last, as no epoch "
            "is better than the next then, got 2; set it to null, or keep_epoch to bleu",
        ),
        (
            "variants: {attention: {direction: en-fr}}, run: {variants: [baseline, attention]}",
            "variants.attention.direction: expected fr-en in one run with baseline, got en-fr; put "
            "it into an experiment of its own, with pathvars of its own",
        ),
        (
            f"{LINES.replace('emoji_names', 'bible')}, auxiliary: {{use: false}}, {PLAIN}",
            "corpora.own.fr: expected another one than en, since one is translated into the "
            "other, got bible for both; correct one of them",
        ),
        (
            "corpora: {own: {kind: table, table: bible, en_column: 2}}, corpus: own, "
            f"auxiliary: {{use: false}}, {PLAIN}",
            "corpora.own.fr_column: expected another one than en_column, since one is translated "
            "into the other, got 2 for both; correct one of them",
        ),
        (
            "variants: {all: {schedule: {momentum_low: 0.8}}}",
            "variants.all.schedule: expected both momentum_high and momentum_low or neither, got "
            "momentum_low alone; give the other as well",
        ),
        (
            "variants: {all: {training: {auxiliary_epochs: 0}}}",
            "variants.all.training.auxiliary_pairs and auxiliary_epochs: expected both above 0 or "
            "neither, got 8000 and 0; give the other as well",
        ),
        (
            "auxiliary: {use: false}, run: {variants: [all]}, range_test: {variants: []}",
            "variants.all.training.auxiliary_pairs: expected 0 where auxiliary.use is false, got "
            "8000; set it and auxiliary_epochs to 0, or auxiliary.use to true",
        ),
        (
            "range_test: {lowest: 1, highest: 1}",
            "range_test.lowest: expected below highest (1), got 1; lower it",
        ),
        (
            "image_split: {valid: 0.9}",
            "image_split.valid and image_split.test: expected below 1 together, so that "
            "images are left to train on, got 0.9 and 0.1; lower them",
        ),
        (
            "range_test: {heads: [head, ridge]}",
            "range_test.heads: expected methods of kind head, got ridge of kind ridge; leave it "
            "out",
        ),
        (
            "run: {albums: [noto]}",
            "run.albums: expected sets that are not in run.images, got noto, which is searched "
            "anyway; leave it out",
        ),
        (
            "run: {images: [], albums: [noto, fluent]}",
            "run.albums: expected none where run.images is empty, since nothing then learns to "
            "search them, got noto, fluent; name a set in run.images, or none here",
        ),
        (
            "run: {images: [noto, stamps]}, image_split: {zero_shot_sets: [noto, fluent]}",
            "image_split.zero_shot_sets: expected sets of run.images (noto, stamps), got "
            "fluent; let it run, too, or leave it out",
        ),
        (
            "run: {images: [noto], albums: [fluent]}, image_split: {test_sets: [fluent]}",
            "image_split.test_sets: expected sets of run.images (noto), got fluent; let it "
            "run, too, or leave it out",
        ),
        (
            "nouns: {vectors: trained}",
            "nouns.vectors: expected vectors that come in files, got trained of kind trained; "
            "name others",
        ),
        (
            "search: {french_vectors: random}",
            "search.french_vectors: expected vectors that come in files, got random of kind "
            "random; name others",
        ),
        (
            "nouns: {vectors: en_web, frequent_words: 9}",
            "nouns.frequent_words: expected 0 for vectors of kind spacy, which are not listed by "
            "frequency, got 9; set it to 0",
        ),
        (
            OWN,
            "search.french_vectors: expected null where no set of run.images has French names "
            "(kinds emoji and stamps have), got fr_news; set it to null",
        ),
        (
            "methods: {head: {head: {hidden: [9, 8]}}}",
            "methods.head.head.dropouts: expected one for each of 3 layers, got 2; give one per "
            "hidden layer and one for the last layer",
        ),
        (
            "methods: {softmax: {classifier: {weight: 2}}}",
            "methods.softmax.classifier.weight: expected 0 with the softmax loss, whose outputs "
            "are no vectors, got 2; set it to 0",
        ),
        (
            "methods: {lesson_head: {schedule: {momentum_high: 0.9}}}",
            "methods.lesson_head.schedule: expected both momentum_high and momentum_low or "
            "neither, got momentum_high alone; give the other as well",
        ),
        (
            "run: {methods: [ridge]}, image_tables: {method: ridge}",
            "search.method: expected one of run.methods (ridge), got head; add it to run.methods, "
            "or name another",
        ),
        (
            "image_tables: {method: softmax}, run: {methods: [head, ridge]}",
            "image_tables.method: expected one of run.methods (head, ridge), got softmax; add it "
            "to run.methods, or name another",
        ),
        (
            "search: {method: softmax}",
            "search.method: expected a method that predicts word vectors, to search with, got "
            "softmax, which predicts classes; name another",
        ),
        (
            "search: {method: class_mean}",
            "search.method: expected a method that predicts word vectors, to search with, got "
            "class_mean, which predicts classes; name another",
        ),
        (
            "search: {examples: {own: {index: nouns, words: [boat, boat +]}}}",
            "search.examples.own.words[1]: expected a word behind the last sign, got "
            "'boat +'; write for instance: boat, sail boat, boat + sail, king - man + woman",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_told_in_one_line(changes: str, line: str):
    assert problems(changes) == [line]


@pytest.mark.parametrize(
    "changes",
    [
        "split: {method: lesson, test: 0.95}, scores: {split: valid}",
        "variants: {another: {forcing: {hold_epochs: 20}}}",
        "methods: {another: {kind: head, head: {hidden: []}}}",
        f"{LINES}, {PLAIN}, auxiliary: {{use: false}}",
        f"{OWN}, search: {{french_vectors: null}}",
        "run: {images: [], methods: []}, search: {method: softmax}",
        "run: {images: []}, image_split: {test_sets: [noto]}",
    ],
)
def test_what_is_not_used_or_has_no_effect_is_let_be(changes: str):
    assert problems(changes) == []


def test_each_variant_is_told_by_its_name():
    lines = problems(
        "variant_defaults: {forcing: {hold_epochs: 10}}, range_test: {variants: [all]}"
    )
    told = [line.partition(":")[0] for line in lines]
    names = ["baseline", "bidirectional", "forcing", "attention", "all"]
    assert told == [f"variants.{name}.forcing.hold_epochs" for name in names]
