"""Keys of the configuration that must go together, told before any job runs.

The schema says what a key may be by itself; what is here a job would tell hours later, or none
at all. Only what is used is looked at: an entry that nothing runs may be half finished.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from snakemake.exceptions import WorkflowError

Block = Mapping[str, Any]

LISTED = ("fasttext", "npy", "text")  # vectors that stand in the order of their frequency
WITHOUT_FILES = ("random", "trained")  # vectors for the words of the corpus alone
BILINGUAL = ("emoji", "stamps")  # picture sets with French names


def check_relations(config: Block) -> None:
    """Raise WorkflowError with one line for each key that does not go with the others.

    ``config`` is as ``configuration.load`` returns it: valid by itself and complete.
    """
    run = config["run"]
    problems = [*_corpus(config), *_split(config)]
    for name in dict.fromkeys([*run["variants"], *config["range_test"]["variants"]]):
        problems += _variant(f"variants.{name}", config["variants"][name], config)
    problems += _range_test(config["range_test"])
    if run["pictures"]:
        problems += _picture_side(config)
    if problems:
        raise WorkflowError("\n".join(problems))


# ---- Translation --------------------------------------------------------------------------------


def _corpus(config: Block) -> Iterator[str]:
    name = config["corpus"]
    corpus = config["corpora"][name]
    if corpus["kind"] == "verses":
        yield from _ratios(f"corpora.{name}.sentences", corpus["sentences"])
    elif config["auxiliary"]["use"]:
        yield (
            f"auxiliary.use: expected false for the corpus {name}, which is of kind "
            f"{corpus['kind']} and not verses, got true; set it to false"
        )


def _ratios(at: str, sentences: Block) -> Iterator[str]:
    if sentences["shortest_ratio"] > sentences["longest_ratio"]:
        yield (
            f"{at}.shortest_ratio: expected at most longest_ratio ({sentences['longest_ratio']}), "
            f"got {sentences['shortest_ratio']}; lower it"
        )


def _split(config: Block) -> Iterator[str]:
    split, grouped = config["split"], config["split"]["method"] == "grouped"
    if grouped:
        yield from _shares("split", split, "pairs")
    if split["valid"] == 0:
        yield (
            "split.valid: expected above 0, since each training is validated after each epoch, "
            "got 0; raise it"
        )
    if config["scores"]["part"] == "test" and not (grouped and split["test"]):
        got = "split.test is 0" if grouped else f"split.method is {split['method']}"
        yield (
            f"scores.part: expected valid, since there is no test part where {got}, got test; "
            "set it to valid"
        )


def _shares(name: str, split: Block, things: str) -> Iterator[str]:
    if split["valid"] + split["test"] >= 1:
        yield (
            f"{name}.valid and {name}.test: expected below 1 together, so that {things} are left "
            f"to train on, got {split['valid']} and {split['test']}; lower them"
        )


def _variant(at: str, variant: Block, config: Block) -> Iterator[str]:
    corpus, forcing, training = config["corpus"], variant["forcing"], variant["training"]
    if variant["tag_versions"] and config["corpora"][corpus]["kind"] != "verses":
        yield (
            f"{at}.tag_versions: expected false for the corpus {corpus}, which names no versions, "
            "got true; set it to false"
        )
    if forcing["hold"] >= forcing["epochs"]:
        yield (
            f"{at}.forcing.hold: expected below epochs ({forcing['epochs']}), where the descent "
            f"ends, got {forcing['hold']}; lower it"
        )
    yield from _momenta(at, variant["schedule"])
    pairs, epochs = training["auxiliary_pairs"], training["auxiliary_epochs"]
    if bool(pairs) != bool(epochs):
        yield (
            f"{at}.training.auxiliary_pairs and auxiliary_epochs: expected both above 0 or "
            f"neither, got {pairs} and {epochs}; give the other as well"
        )
    elif pairs and not config["auxiliary"]["use"]:
        yield (
            f"{at}.training.auxiliary_pairs: expected 0 where auxiliary.use is false, got {pairs}; "
            "set it and auxiliary_epochs to 0, or auxiliary.use to true"
        )


def _momenta(at: str, schedule: Block) -> Iterator[str]:
    given = [key for key in ("momentum_high", "momentum_low") if schedule[key] is not None]
    if len(given) == 1:
        yield (
            f"{at}.schedule: expected both momentum_high and momentum_low or neither, got "
            f"{given[0]} alone; give the other as well"
        )


def _range_test(block: Block) -> Iterator[str]:
    if block["lowest"] >= block["highest"]:
        yield (
            f"range_test.lowest: expected below highest ({block['highest']}), got "
            f"{block['lowest']}; lower it"
        )


# ---- Pictures -----------------------------------------------------------------------------------


def _picture_side(config: Block) -> Iterator[str]:
    run, methods, tested = config["run"], config["methods"], config["range_test"]["heads"]
    yield from _shares("picture_split", config["picture_split"], "pictures")
    yield from _word_vectors(config)
    for name in dict.fromkeys([*run["methods"], *tested]):
        if methods[name]["kind"] == "head":
            yield from _head(f"methods.{name}", methods[name], config["features"]["tuning"])
    for name in tested:
        if methods[name]["kind"] != "head":
            yield (
                f"range_test.heads: expected methods of kind head, got {name} of kind "
                f"{methods[name]['kind']}; leave it out"
            )
    yield from _choice(config)
    for name in sorted(set(run["pictures"]) & set(run["albums"])):
        yield (
            f"run.albums: expected sets that are not in run.pictures, got {name}, which is "
            "searched anyway; leave it out"
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
    kinds = {config["picture_sets"][name]["kind"] for name in run["pictures"]}
    if french and kinds.isdisjoint(BILINGUAL):
        yield (
            f"search.french_vectors: expected null where no set of run.pictures has French names "
            f"(kinds {' and '.join(BILINGUAL)} have), got {french}; set it to null"
        )


def _head(at: str, method: Block, tuning: Block) -> Iterator[str]:
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
    taught = method["targets"]["classifier_weight"]
    if taught and tuning["blocks"]:
        yield (
            f"{at}.targets.classifier_weight: expected 0 where features.tuning.blocks is not, as "
            f"the classifier does not look at tuned features, got {taught}; set one of them to 0"
        )
    yield from _momenta(at, method["schedule"])


def _choice(config: Block) -> Iterator[str]:
    choice, run = config["choice"], config["run"]["methods"]
    named = {"choice.method": choice["method"], "choice.rival": choice["rival"]}
    for key, name in {**named, "picture_tables.method": config["picture_tables"]["method"]}.items():
        if name not in run:
            yield (
                f"{key}: expected one of run.methods ({', '.join(run) or 'none'}), got {name}; let "
                "it run, too, or name another"
            )
        elif key in named and _names_nouns(config["methods"][name]):
            yield (
                f"{key}: expected a method that says word vectors, to search with, got {name}, "
                "which says nouns; name another"
            )
    hits = config["picture_scores"]["hits"]
    if choice["hit"] not in hits:
        yield (
            f"choice.hit: expected one of picture_scores.hits ({', '.join(map(str, hits))}), got "
            f"{choice['hit']}; choose one of these"
        )


def _names_nouns(method: Block) -> bool:
    """Return whether a method chooses among the nouns that it has seen."""
    softmax = method["kind"] == "head" and method["loss"]["kind"] == "softmax"
    return softmax or bool(method["kind"] == "class_mean")
