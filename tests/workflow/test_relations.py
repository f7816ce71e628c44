"""Relations between keys: each problem is one line, before any job runs."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from workflow.config import load
from workflow.relations import check_relations

ROOT = Path(__file__).resolve().parents[2]

LINES = "corpora: {mine: {kind: lines, fr: bible, en: emoji_names}}, corpus: mine"
LESSON_LOSS = "training: {count_padding: true, label_smoothing: 0.1}"
LAST = "training: {keep_epoch: last, patience: 2}"
NO_MORE = "training: {auxiliary_pairs: 0, auxiliary_epochs: 0}"
PLAIN = f"variant_defaults: {{tag_versions: false, {NO_MORE}}}"
MINE = "image_sets: {mine: {kind: folder, folder: images}}, run: {images: [mine]}"


def problems(changes: str) -> list[str]:
    """Return the lines about the default configuration with ``changes``, a mapping in YAML."""
    config: dict[str, Any] = {}
    for text in ((ROOT / "config.yaml").read_text(encoding="utf-8"), f"{{{changes}}}"):
        # Into an empty one, as Snakemake does: aliases are one object before.
        update_config(config, yaml.safe_load(text))
    try:
        check_relations(load(config, ROOT / "workflow/schemas/config.schema.yaml"))
    except WorkflowError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            f"{LINES}, {PLAIN}",
            "auxiliary.use: expected false for the corpus mine, which is of kind lines and not "
            "verses, got true; set it to false",
        ),
        (
            f"{LINES}, auxiliary: {{use: false}}, variant_defaults: {{{NO_MORE}}}, "
            "run: {variants: [all]}, range_test: {variants: []}",
            "variants.all.tag_versions: expected false for the corpus mine, which names no "
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
            "split: {method: random, valid: 0.6, test: 0.6}",
            "split.valid and split.test: expected below 1 together, so that pairs are left to "
            "train on, got 0.6 and 0.6; lower them",
        ),
        (
            "scores: {experiments: {attention: results/mine}}",
            "scores.experiments.attention: expected another name than those in run.variants, got "
            "attention; rename it",
        ),
        (
            "scores: {experiments: {mine: ./results/default}}",
            "scores.experiments.mine: expected the results of another experiment, got "
            "./results/default, those of this one; correct it",
        ),
        (
            "scores: {experiments: {mine: results/mine}}, run: {variants: [all]}",
            "scores.baseline: expected one of run.variants, with which scores.experiments are "
            "compared, got baseline; add it there",
        ),
        (
            "split: {test: 0}",
            "scores.split: expected valid, since there is no test split where split.test is 0, got "
            "test; set it to valid",
        ),
        (
            "variants: {attention: {forcing: {epochs: 6}}}",
            "variants.attention.forcing.hold_epochs: expected below epochs (6), got 6; lower it",
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
            "variants.attention.direction: expected fr-en in one run with baseline, got en-fr; "
            "make it a separate experiment, with separate pathvars",
        ),
        (
            "scores: {factorial: [forcing, bidirectional]}",
            "scores.factorial: expected a variant for each of the 8 combinations of "
            "model.bidirectional, model.attention and forcing.schedule, got 2 of them in 2 "
            "variants; add or remove variants\n"
            "variants.bidirectional.model.bridge_dropout: expected 0 as in forcing, since "
            "variants of scores.factorial differ in their factors only, got 0.05; set it in "
            "variant_defaults",
        ),
        (
            "variants: {v0: {}, v1: {forcing: {schedule: linear}, tag_versions: false}, "
            "v2: {model: {attention: true}}, "
            "v3: {model: {attention: true}, forcing: {schedule: linear}}, "
            "v4: {model: {bidirectional: all}}, "
            "v5: {model: {bidirectional: all}, forcing: {schedule: linear}}, "
            "v6: {model: {bidirectional: first, attention: true}}, "
            "v7: {model: {bidirectional: all, attention: true}, forcing: {schedule: constant}}}, "
            "run: {variants: [v0, v1, v2, v3, v4, v5, v6, v7]}, "
            "scores: {factorial: [v0, v1, v2, v3, v4, v5, v6, v7]}",
            "variants.v1.tag_versions: expected True as in v0, since variants of scores.factorial "
            "differ in their factors only, got False; set it in variant_defaults\n"
            "variants.v6.model.bidirectional: expected all as in v4, since variants of "
            "scores.factorial differ in their factors only, got first; set it to all\n"
            "variants.v7.forcing.schedule: expected linear as in v1, since variants of "
            "scores.factorial differ in their factors only, got constant; set it to linear",
        ),
        (
            "variants: {all: {model: {cell: transformer, attention: false, bidirectional: none, "
            "bridge_dropout: 0}}}",
            "variants.all.forcing.schedule: expected constant for a model.cell of transformer, got "
            "linear; set it to constant",
        ),
        (
            "variants: {all: {model: {cell: transformer, attention: false}, forcing: {schedule: "
            "constant}}}",
            "variants.all.model.bidirectional: expected none for a model.cell of transformer, got "
            "all; set it to none\n"
            "variants.all.model.bridge_dropout: expected 0 for a model.cell of transformer, got "
            "0.25; set it to 0",
        ),
        (
            "scores: {factorial: [all]}, run: {variants: [baseline]}",
            "scores.factorial: expected one of run.variants (baseline), got all; add it to "
            "run.variants, or name another\n"
            "scores.factorial: expected a variant for each of the 8 combinations of "
            "model.bidirectional, model.attention and forcing.schedule, got 1 of them in 1 "
            "variants; add or remove variants",
        ),
        (
            f"{LINES.replace('emoji_names', 'bible')}, auxiliary: {{use: false}}, {PLAIN}",
            "corpora.mine.fr: expected another value than en, since one is translated into the "
            "other, got bible for both; correct one of them",
        ),
        (
            "corpora: {mine: {kind: table, table: bible, en_column: 2}}, corpus: mine, "
            f"auxiliary: {{use: false}}, {PLAIN}",
            "corpora.mine.fr_column: expected another value than en_column, since one is "
            "translated into the other, got 2 for both; correct one of them",
        ),
        (
            "variants: {all: {schedule: {momentum_low: 0.8}}}",
            "variants.all.schedule: expected both momentum_high and momentum_low or neither, got "
            "momentum_low alone; set the other as well",
        ),
        (
            "variants: {all: {training: {auxiliary_epochs: 0}}}",
            "variants.all.training.auxiliary_pairs and auxiliary_epochs: expected both above 0 or "
            "neither, got 8000 and 0; set the other as well",
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
            "run: {unlabelled_sets: [noto]}",
            "run.unlabelled_sets: expected sets that are not in run.images, got noto, which is "
            "searched anyway; leave it out",
        ),
        (
            "run: {images: [], unlabelled_sets: [noto, fluent]}",
            "run.unlabelled_sets: expected none where run.images is empty, since no method then "
            "learns to search them, got noto, fluent; name a set in run.images, or none here",
        ),
        (
            "run: {images: [noto, stamps]}, image_split: {zero_shot_sets: [noto, fluent]}",
            "image_split.zero_shot_sets: expected one of run.images (noto, stamps), got fluent; "
            "add it to run.images, or name another",
        ),
        (
            "run: {images: [noto], unlabelled_sets: [fluent]}, image_split: {test_sets: [fluent]}",
            "image_split.test_sets: expected one of run.images (noto), got fluent; add it to "
            "run.images, or name another",
        ),
        (
            "image_scores: {hits: [1, 10]}",
            "image_scores.hits: expected 5 among them, since hit@5 compares methods, got [1, 10]; "
            "add it",
        ),
        (
            "nouns: {vectors: trained}",
            "nouns.vectors: expected vectors that are read from files, got trained of kind "
            "trained; name others",
        ),
        (
            "nouns: {vectors: [glove, trained]}",
            "nouns.vectors: expected vectors that are read from files, got trained of kind "
            "trained; name others",
        ),
        (
            "nouns: {vectors: [en_web, glove]}",
            "nouns.vectors: expected first an entry of kind fasttext, npy, text, whose words are "
            "listed by frequency, got en_web of kind spacy; change the order",
        ),
        (
            "search: {french_vectors: random}",
            "search.french_vectors: expected vectors that are read from files, got random of kind "
            "random; name others",
        ),
        (
            "nouns: {vectors: en_web, frequent_words: 9}",
            "nouns.frequent_words: expected 0 for vectors of kind spacy, which are not listed by "
            "frequency, got 9; set it to 0",
        ),
        (
            MINE,
            "search.french_vectors: expected null where no set of run.images has French names "
            "(kinds emoji and stamps have), got fr_news; set it to null",
        ),
        (
            "methods: {head: {head: {hidden: [9, 8]}}}",
            "methods.head.head.dropouts: expected one for each of 3 layers, got 2; set one per "
            "hidden layer and one for the last layer",
        ),
        (
            "methods: {softmax: {classifier: {use: true}}}",
            "methods.softmax.classifier.use: expected false with the softmax loss, whose "
            "outputs are no vectors, got true; set it to false",
        ),
        (
            "methods: {lesson_head: {schedule: {momentum_high: 0.9}}}",
            "methods.lesson_head.schedule: expected both momentum_high and momentum_low or "
            "neither, got momentum_high alone; set the other as well",
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
            "search: {examples: {mine: {index: nouns, words: [boat, boat +]}}}",
            'search.examples.mine.words[1]: expected text that is a valid query, got "boat +"; '
            "write for example: boat, sail boat, boat + sail, king - man + woman",
        ),
    ],
)
def test_contradicting_keys_are_one_line_each(changes: str, line: str):
    assert problems(changes) == line.splitlines()


@pytest.mark.parametrize(
    "changes",
    [
        "split: {method: lesson, test: 0.95}, scores: {split: valid}",
        "scores: {experiments: {mine: results/mine}}",
        "variants: {another: {forcing: {hold_epochs: 20}}}",
        "methods: {another: {kind: head, head: {hidden: []}}}",
        f"{LINES}, {PLAIN}, auxiliary: {{use: false}}",
        f"{MINE}, search: {{french_vectors: null}}",
        "run: {images: [], methods: []}, search: {method: softmax}",
        "run: {images: []}, image_split: {test_sets: [noto]}",
    ],
)
def test_unused_entries_and_keys_without_effect_are_not_checked(changes: str):
    assert problems(changes) == []


def test_each_variant_is_reported_by_name():
    changes = "variant_defaults: {forcing: {hold_epochs: 10}}, range_test: {variants: [all]}"
    keys = [line.partition(":")[0] for line in problems(changes)]
    names = ["baseline", "bidirectional", "forcing", "attention", "all"]
    assert keys == [f"variants.{name}.forcing.hold_epochs" for name in names]
