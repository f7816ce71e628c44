"""Keys of the image side that must go together; see relations.py."""

import runpy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workflow.common_relations import Block, momenta, shares

LISTED = ("fasttext", "npy", "text")  # vectors that stand in the order of their frequency
WITHOUT_FILES = ("random", "trained")  # vectors for the words of the corpus alone
BILINGUAL = ("emoji", "stamps")  # image sets with French names
HELD_OUT = ("zero_shot_sets", "test_sets")  # keys of image_split
# By its path, because the Snakefile is read before anything is installed.
TERMS: Mapping[str, Any] = runpy.run_path(
    str(Path(__file__).parent / "scripts/wordbridge/search/terms.py")
)


def no_images(run: Block) -> Iterator[str]:
    """Yield a line for albums that nothing learns to search."""
    if run["albums"]:
        yield (
            "run.albums: expected none where run.images is empty, since nothing then learns to "
            f"search them, got {', '.join(run['albums'])}; name a set in run.images, or none here"
        )


def image_side(config: Block) -> Iterator[str]:
    """Yield a line for each key of the image side that does not go with the others."""
    run, methods, tested = config["run"], config["methods"], config["range_test"]["heads"]
    yield from shares("image_split", config["image_split"], "images")
    yield from _held_out_sets(config["image_split"], run["images"])
    yield from _word_vectors(config)
    for name in dict.fromkeys([*run["methods"], *tested]):
        if methods[name]["kind"] == "head":
            yield from _head(f"methods.{name}", methods[name])
    for name in tested:
        if methods[name]["kind"] != "head":
            yield (
                f"range_test.heads: expected methods of kind head, got {name} of kind "
                f"{methods[name]['kind']}; leave it out"
            )
    yield from _named_methods(config)
    yield from _examples(config["search"]["examples"])
    for name in sorted(set(run["images"]) & set(run["albums"])):
        yield (
            f"run.albums: expected sets that are not in run.images, got {name}, which is "
            "searched anyway; leave it out"
        )


def _held_out_sets(split: Block, images: Sequence[str]) -> Iterator[str]:
    for key in HELD_OUT:
        for name in split[key]:
            if name not in images:
                yield (
                    f"image_split.{key}: expected sets of run.images ({', '.join(images)}), "
                    f"got {name}; let it run, too, or leave it out"
                )


def _word_vectors(config: Block) -> Iterator[str]:
    nouns, french, run = config["nouns"], config["search"]["french_vectors"], config["run"]
    for key, name in (("nouns.vectors", nouns["vectors"]), ("search.french_vectors", french)):
        kind = config["vectors"][name]["kind"] if name else None
        if kind in WITHOUT_FILES:
            yield (
                f"{key}: expected vectors that come in files, got {name} of kind {kind}; "
                "name others"
            )
    kind = config["vectors"][nouns["vectors"]]["kind"]
    if nouns["frequent_words"] and kind not in LISTED:
        yield (
            f"nouns.frequent_words: expected 0 for vectors of kind {kind}, which are not listed by "
            f"frequency, got {nouns['frequent_words']}; set it to 0"
        )
    kinds = {config["image_sets"][name]["kind"] for name in run["images"]}
    if french and kinds.isdisjoint(BILINGUAL):
        yield (
            f"search.french_vectors: expected null where no set of run.images has French names "
            f"(kinds {' and '.join(BILINGUAL)} have), got {french}; set it to null"
        )


def _head(at: str, method: Block) -> Iterator[str]:
    layers, dropouts = len(method["head"]["hidden"]) + 1, len(method["head"]["dropouts"])
    if layers != dropouts:
        yield (
            f"{at}.head.dropouts: expected one for each of {layers} layers, got {dropouts}; give "
            "one per hidden layer and one for the last layer"
        )
    if method["loss"]["kind"] == "softmax" and method["classifier"]["weight"]:
        yield (
            f"{at}.classifier.weight: expected 0 with the softmax loss, whose outputs are no "
            f"vectors, got {method['classifier']['weight']}; set it to 0"
        )
    yield from momenta(at, method["schedule"])


def _named_methods(config: Block) -> Iterator[str]:
    run, searched = config["run"]["methods"], config["search"]["method"]
    for key, name in (
        ("search.method", searched),
        ("image_tables.method", config["image_tables"]["method"]),
    ):
        if name not in run:
            yield (
                f"{key}: expected one of run.methods ({', '.join(run) or 'none'}), got {name}; "
                "add it to run.methods, or name another"
            )
    if searched in run and _predicts_classes(config["methods"][searched]):
        yield (
            "search.method: expected a method that predicts word vectors, to search with, got "
            f"{searched}, which predicts classes; name another"
        )


def _examples(examples: Block) -> Iterator[str]:
    for name, example in examples.items():
        for number, text in enumerate(example["words"]):
            try:
                TERMS["parse_terms"](text)
            except ValueError as missing:
                at = f"search.examples.{name}.words[{number}]"
                yield f"{at}: expected {missing}, got {text!r}; {TERMS['EXAMPLES']}"


def _predicts_classes(method: Block) -> bool:
    """Return whether a method predicts scores of the nouns with training images."""
    softmax = method["kind"] == "head" and method["loss"]["kind"] == "softmax"
    return softmax or bool(method["kind"] == "class_mean")
