"""Keys of the configuration that must go together, told before any job runs.

The schema says what a key may be by itself; what is here a job would tell hours later, or none
at all. Only what is used is looked at: an entry that nothing runs may be half finished.
"""

from collections.abc import Iterator

from snakemake.exceptions import WorkflowError

from workflow.common_relations import Block, momenta, shares
from workflow.names import taken_names
from workflow.picture_relations import no_pictures, picture_side


def check_relations(config: Block) -> None:
    """Raise WorkflowError with one line for each key that does not go with the others.

    ``config`` is as ``configuration.load`` returns it: valid by itself and complete.
    """
    run = config["run"]
    problems = [*taken_names(run), *_corpus(config), *_split(config)]
    for name in dict.fromkeys([*run["variants"], *config["range_test"]["variants"]]):
        problems += _variant(f"variants.{name}", config["variants"][name], config)
    problems += _range_test(config["range_test"])
    problems += picture_side(config) if run["pictures"] else no_pictures(run)
    if problems:
        raise WorkflowError("\n".join(problems))


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
        yield from shares("split", split, "pairs")
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
    yield from momenta(at, variant["schedule"])
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


def _range_test(block: Block) -> Iterator[str]:
    if block["lowest"] >= block["highest"]:
        yield (
            f"range_test.lowest: expected below highest ({block['highest']}), got "
            f"{block['lowest']}; lower it"
        )
