"""Keys of the configuration that must go together, told before any job runs.

The schema says what a key may be by itself; what is here a job would tell hours later, or none
at all. Only what is used is looked at: an entry that nothing runs may be half finished.
"""

from collections.abc import Callable, Iterator

from snakemake.exceptions import WorkflowError

from workflow.common_relations import Block, momenta, shares
from workflow.image_relations import image_side, no_images
from workflow.names import taken_names


def check_relations(config: Block) -> None:
    """Raise WorkflowError with one line for each key that does not go with the others.

    ``config`` is as ``configuration.load`` returns it: valid by itself and complete.
    """
    run = config["run"]
    problems = [*taken_names(run), *_corpus(config), *_split(config)]
    for name in dict.fromkeys([*run["variants"], *config["range_test"]["variants"]]):
        problems += _variant(f"variants.{name}", config["variants"][name], config)
    problems += _directions(run["variants"], config["variants"])
    problems += _range_test(config["range_test"])
    problems += image_side(config) if run["images"] else no_images(run)
    if problems:
        raise WorkflowError("\n".join(problems))


def _corpus(config: Block) -> Iterator[str]:
    name = config["corpus"]
    corpus = config["corpora"][name]
    if corpus["kind"] == "verses":
        yield from _ratios(f"corpora.{name}.sentences", corpus["sentences"])
        return
    ending = "_column" if corpus["kind"] == "table" else ""
    french, english = f"fr{ending}", f"en{ending}"
    if corpus[french] == corpus[english]:
        yield (
            f"corpora.{name}.{french}: expected another one than {english}, since one is "
            f"translated into the other, got {corpus[french]} for both; correct one of them"
        )
    if config["auxiliary"]["use"]:
        yield (
            f"auxiliary.use: expected false for the corpus {name}, which is of kind "
            f"{corpus['kind']} and not verses, got true; set it to false"
        )


def _ratios(at: str, sentences: Block) -> Iterator[str]:
    if sentences["min_ratio"] > sentences["max_ratio"]:
        yield (
            f"{at}.min_ratio: expected at most max_ratio ({sentences['max_ratio']}), "
            f"got {sentences['min_ratio']}; lower it"
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
    if config["scores"]["split"] == "test" and not (grouped and split["test"]):
        got = "split.test is 0" if grouped else f"split.method is {split['method']}"
        yield (
            f"scores.split: expected valid, since there is no test split where {got}, got test; "
            "set it to valid"
        )


def _variant(at: str, variant: Block, config: Block) -> Iterator[str]:
    corpus, forcing, training = config["corpus"], variant["forcing"], variant["training"]
    if variant["tag_versions"] and config["corpora"][corpus]["kind"] != "verses":
        yield (
            f"{at}.tag_versions: expected false for the corpus {corpus}, which names no versions, "
            "got true; set it to false"
        )
    if forcing["hold_epochs"] >= forcing["epochs"]:
        yield (
            f"{at}.forcing.hold_epochs: expected below epochs ({forcing['epochs']}), the end "
            f"of the fall, got {forcing['hold_epochs']}; lower it"
        )
    yield from _rate(f"{at}.forcing.rate", forcing)
    yield from momenta(at, variant["schedule"])
    yield from _training(f"{at}.training", training)
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


# Which rates make chances of a schedule that fall or stay (Bengio et al. 2015, section 2.4).
RATES: dict[str, tuple[Callable[[float], bool], str]] = {
    "linear": (lambda rate: rate <= 1, "at most 1"),
    "constant": (lambda rate: rate <= 1, "at most 1"),
    "exponential": (lambda rate: rate < 1, "below 1"),
    "inverse_sigmoid": (lambda rate: rate >= 1, "at least 1"),
}


def _rate(at: str, forcing: Block) -> Iterator[str]:
    schedule, rate = forcing["schedule"], forcing["rate"]
    if schedule == "none":
        return
    fits, expected = RATES[schedule]
    if not fits(rate):
        yield f"{at}: expected {expected} for the schedule {schedule}, got {rate}; correct it"


def _training(at: str, training: Block) -> Iterator[str]:
    if training["count_padding"] and training["label_smoothing"]:
        yield (
            f"{at}.label_smoothing: expected 0 where count_padding is true, as the lesson's loss "
            f"smooths nothing, got {training['label_smoothing']}; set it to 0"
        )
    if training["keep_epoch"] == "last" and training["patience"] is not None:
        yield (
            f"{at}.patience: expected null with keep_epoch: last, as no epoch is better than "
            f"the next then, got {training['patience']}; set it to null, or keep_epoch to bleu"
        )


def _directions(names: list[str], variants: Block) -> Iterator[str]:
    """Tell variants of both directions: tables and figures hold translations of the same texts."""
    first, *others = ((name, variants[name]["direction"]) for name in names)
    for name, direction in others:
        if direction != first[1]:
            yield (
                f"variants.{name}.direction: expected {first[1]} in one run with {first[0]}, got "
                f"{direction}; put it into an experiment of its own, with pathvars of its own"
            )
            return


def _range_test(block: Block) -> Iterator[str]:
    if block["lowest"] >= block["highest"]:
        yield (
            f"range_test.lowest: expected below highest ({block['highest']}), got "
            f"{block['lowest']}; lower it"
        )
