"""Relations between keys of the configuration, checked before any job runs.

The schema checks each key alone. A problem that is reported here would otherwise stop a job hours
later, or no job at all. Entries that the run does not use may be incomplete.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import product
from os.path import normpath
from typing import Any

from snakemake.exceptions import WorkflowError

Block = Mapping[str, Any]

# Reserved names of image sets (files of the workflow, and the rows of all sets together) and of
# variants (lines of the sample translations).
_SETS = ("all", "nouns", "split")
RESERVED = {"images": _SETS, "unlabelled_sets": _SETS, "variants": ("reference", "source")}
LISTED = ("fasttext", "npy", "text")  # kinds of vectors in the order of their frequency
WITHOUT_FILES = ("random", "trained")  # kinds of vectors that exist for the corpus only
BILINGUAL = ("emoji", "stamps")  # kinds of image sets with French names
FACTORS = ("model.bidirectional", "model.attention", "forcing.schedule")  # of two levels each
HELD_OUT = ("zero_shot_sets", "test_sets")  # keys of image_split
COMPARED_RANK = 5  # of hit@k, by which tables, scorecard and `compare` compare methods
# Rates with which the probability of a schedule falls or stays (Bengio et al. 2015, section 2.4).
RATES: dict[str, tuple[Callable[[float], bool], str]] = {
    "linear": (lambda rate: rate <= 1, "at most 1"),
    "constant": (lambda rate: rate <= 1, "at most 1"),
    "exponential": (lambda rate: rate < 1, "below 1"),
    "inverse_sigmoid": (lambda rate: rate >= 1, "at least 1"),
}


def check_relations(config: Block) -> None:
    """Raise WorkflowError with one line for each key that contradicts another one.

    ``config`` is complete and valid, as ``config.load`` returns it.
    """
    run = config["run"]
    problems = [*reserved_names(run), *_corpus(config), *_split(config)]
    for name in dict.fromkeys([*run["variants"], *config["range_test"]["variants"]]):
        problems += _variant(f"variants.{name}", config["variants"][name], config)
    problems += _directions(run["variants"], config["variants"])
    problems += [*_factorial(config), *_experiments(config)]
    problems += _below("range_test", config["range_test"], "lowest", "highest")
    problems += _images(config) if run["images"] else _no_images(run)
    if problems:
        raise WorkflowError("\n".join(problems))


def reserved_names(run: Block) -> Iterator[str]:
    """Yield one line for each image set or variant in ``run`` with a reserved name."""
    for key, names in RESERVED.items():
        for name in filter(names.__contains__, run[key]):
            yield (
                f"run.{key}: expected none of the names of the workflow's files and rows "
                f"({', '.join(names)}), got {name}; rename it"
            )


def noun_vectors(config: Block) -> list[str]:
    """Return the entries of word vectors that images are mapped to; none without images."""
    names = config["nouns"]["vectors"] or []
    return [names] if isinstance(names, str) else names


def samples_with_attention(count: int, attention: int) -> list[int]:
    """Return ``attention`` of the sample numbers 1 to ``count`` (or all), evenly spaced.

    Samples are sorted by length, so the returned ones are, too.
    """
    slices = min(attention, count)
    return [(2 * index + 1) * count // (2 * slices) + 1 for index in range(slices)]


def factor_levels(variant: Block) -> dict[str, bool]:
    """Return which of the lesson's three ideas a variant has."""
    return {
        "bidirectional": variant["model"]["bidirectional"] != "none",
        "attention": variant["model"]["attention"],
        "forcing": variant["forcing"]["schedule"] != "none",
    }


# ---- Text and translators ------------------------------------------------------------------------


def _corpus(config: Block) -> Iterator[str]:
    name = config["corpus"]
    corpus = config["corpora"][name]
    if corpus["kind"] == "verses":
        return
    ending = "_column" if corpus["kind"] == "table" else ""
    french, english = f"fr{ending}", f"en{ending}"
    if corpus[french] == corpus[english]:
        yield (
            f"corpora.{name}.{french}: expected another value than {english}, since one is "
            f"translated into the other, got {corpus[french]} for both; correct one of them"
        )
    if config["auxiliary"]["use"]:
        why = f"for the corpus {name}, which is of kind {corpus['kind']} and not verses"
        yield _must_be("auxiliary.use", "false", why, "true")


def _split(config: Block) -> Iterator[str]:
    split, drawn = config["split"], config["split"]["method"] != "lesson"
    if drawn:
        yield from _shares("split", split, "pairs")
    if split["valid"] == 0:
        yield (
            "split.valid: expected above 0, since each training is validated after each epoch, "
            "got 0; raise it"
        )
    if config["scores"]["split"] == "test" and not (drawn and split["test"]):
        got = "split.test is 0" if drawn else f"split.method is {split['method']}"
        yield (
            f"scores.split: expected valid, since there is no test split where {got}, got test; "
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
        why = f"for the corpus {corpus}, which names no versions"
        yield _must_be(f"{at}.tag_versions", "false", why, "true")
    yield from _forcing(f"{at}.forcing", forcing)
    if variant["model"]["cell"] == "transformer":
        yield from _transformer(at, variant)
    yield from _momenta(at, variant["schedule"])
    yield from _training(f"{at}.training", training)
    pairs, epochs = training["auxiliary_pairs"], training["auxiliary_epochs"]
    if bool(pairs) != bool(epochs):
        yield (
            f"{at}.training.auxiliary_pairs and auxiliary_epochs: expected both above 0 or "
            f"neither, got {pairs} and {epochs}; set the other as well"
        )
    elif pairs and not config["auxiliary"]["use"]:
        yield (
            f"{at}.training.auxiliary_pairs: expected 0 where auxiliary.use is false, got {pairs}; "
            "set it and auxiliary_epochs to 0, or auxiliary.use to true"
        )


def _forcing(at: str, forcing: Block) -> Iterator[str]:
    schedule, rate = forcing["schedule"], forcing["rate"]
    yield from _below(at, forcing, "hold_epochs", "epochs")
    fits, expected = RATES.get(schedule, (None, ""))
    if fits and not fits(rate):
        yield f"{at}.rate: expected {expected} for the schedule {schedule}, got {rate}; correct it"


def _transformer(at: str, variant: Block) -> Iterator[str]:
    """Yield a line for each setting that a Transformer does not have."""
    for part, key, expected in (
        ("forcing", "schedule", "constant"),
        ("forcing", "rate", 1),
        ("model", "attention", False),
        ("model", "bidirectional", "none"),
        ("model", "bridge_dropout", 0),
        ("model", "word_dropout", 0),
        ("model", "weight_dropout", 0),
        ("model", "variational_dropout", False),
        ("model", "mask_padding", True),
        ("model", "stop_at_eos", True),
    ):
        got = variant[part][key]
        if got != expected:
            why = "for a model.cell of transformer"
            yield _must_be(f"{at}.{part}.{key}", str(expected).lower(), why, got)


def _momenta(at: str, schedule: Block) -> Iterator[str]:
    keys = [key for key in ("momentum_high", "momentum_low") if schedule[key] is not None]
    if len(keys) == 1:
        yield (
            f"{at}.schedule: expected both momentum_high and momentum_low or neither, got "
            f"{keys[0]} alone; set the other as well"
        )


def _training(at: str, training: Block) -> Iterator[str]:
    if training["count_padding"] and training["label_smoothing"]:
        why = "where count_padding is true, as the lesson's loss smooths nothing"
        yield _must_be(f"{at}.label_smoothing", "0", why, training["label_smoothing"])
    if training["keep_epoch"] == "last" and training["patience"] is not None:
        why = "with keep_epoch: last, as no epoch is better than the next then"
        line = _must_be(f"{at}.patience", "null", why, training["patience"])
        yield f"{line}, or keep_epoch to bleu"


def _directions(names: list[str], variants: Block) -> Iterator[str]:
    """Yield a line for the first variant of another direction: tables compare the same texts."""
    first, *others = names
    expected = variants[first]["direction"]
    for name in [name for name in others if variants[name]["direction"] != expected][:1]:
        yield (
            f"variants.{name}.direction: expected {expected} in one run with {first}, got "
            f"{variants[name]['direction']}; make it a separate experiment, with separate pathvars"
        )


def _factorial(config: Block) -> Iterator[str]:
    """Yield a line for a factorial experiment without all cells, or with other differences."""
    names = config["scores"]["factorial"]
    yield from _among("scores.factorial", names, config["run"], "variants")
    blocks = [config["variants"][name] for name in names]
    cells = [tuple(factor_levels(block).values()) for block in blocks]
    if names and sorted(cells) != list(product((False, True), repeat=3)):
        yield (
            "scores.factorial: expected a variant for each of the 8 combinations of "
            "model.bidirectional, model.attention and forcing.schedule, got "
            f"{len({*cells})} of them in {len(names)} variants; add or remove variants"
        )
    first: dict[str, tuple[str, Any]] = {}  # variant with a key, and its value
    for name, block in zip(names, blocks, strict=True):
        parts = {part: block[part] for part in ("model", "forcing", "schedule", "training")}
        settings = {f"{part}.{key}": parts[part][key] for part in parts for key in parts[part]}
        for key, value in {"tag_versions": block["tag_versions"], **settings}.items():
            if key in FACTORS and value in (False, "none"):
                continue  # the other level
            other, expected = first.setdefault(key, (name, value))
            if value != expected:
                remedy = f"to {expected}" if key in FACTORS else "in variant_defaults"
                yield (
                    f"variants.{name}.{key}: expected {expected} as in {other}, since variants of "
                    f"scores.factorial differ in their factors only, got {value}; set it {remedy}"
                )


def _experiments(config: Block) -> Iterator[str]:
    """Yield a line for each experiment of scores.experiments that is this one or no comparison."""
    experiments, variants = config["scores"]["experiments"], config["run"]["variants"]
    for name, folder in experiments.items():
        if normpath(folder) == normpath(config["pathvars"]["results"]):
            yield (
                f"scores.experiments.{name}: expected the results of another experiment, got "
                f"{folder}, those of this one; correct it"
            )
        if name in variants:
            yield (
                f"scores.experiments.{name}: expected another name than those in run.variants, "
                f"got {name}; rename it"
            )
    baseline = config["scores"]["baseline"]
    if experiments and baseline not in variants:
        yield (
            "scores.baseline: expected one of run.variants, with which scores.experiments are "
            f"compared, got {baseline}; add it there"
        )


def _must_be(key: str, value: str, why: str, got: Any) -> str:
    return f"{key}: expected {value} {why}, got {got}; set it to {value}"


def _among(key: str, names: Collection[str], run: Block, listed: str) -> Iterator[str]:
    """Yield a line for each of ``names`` that is not in the list ``listed`` of ``run``."""
    for name in names:
        if name not in run[listed]:
            yield (
                f"{key}: expected one of run.{listed} ({', '.join(run[listed]) or 'none'}), got "
                f"{name}; add it to run.{listed}, or name another"
            )


def _below(at: str, block: Block, low: str, high: str) -> Iterator[str]:
    if block[low] >= block[high]:
        yield f"{at}.{low}: expected below {high} ({block[high]}), got {block[low]}; lower it"


# ---- Images --------------------------------------------------------------------------------------


def _no_images(run: Block) -> Iterator[str]:
    if run["unlabelled_sets"]:
        yield (
            "run.unlabelled_sets: expected none where run.images is empty, since no method then "
            f"learns to search them, got {', '.join(run['unlabelled_sets'])}; name a set in "
            "run.images, or none here"
        )


def _images(config: Block) -> Iterator[str]:
    run, methods, tested = config["run"], config["methods"], config["range_test"]["heads"]
    split = config["image_split"]
    yield from _shares("image_split", split, "images")
    for key in HELD_OUT:
        yield from _among(f"image_split.{key}", split[key], run, "images")
    yield from _word_vectors(config)
    for name in dict.fromkeys([*run["methods"], *tested]):
        if methods[name]["kind"] == "head":
            yield from _head(f"methods.{name}", methods[name])
        elif name in tested:
            yield (
                f"range_test.heads: expected methods of kind head, got {name} of kind "
                f"{methods[name]['kind']}; leave it out"
            )
    yield from _methods(config)
    hits = config["image_scores"]["hits"]
    if COMPARED_RANK not in hits:
        yield (
            f"image_scores.hits: expected {COMPARED_RANK} among them, since hit@{COMPARED_RANK} "
            f"compares methods, got {hits}; add it"
        )
    for name in sorted(set(run["images"]) & set(run["unlabelled_sets"])):
        yield (
            f"run.unlabelled_sets: expected sets that are not in run.images, got {name}, which is "
            "searched anyway; leave it out"
        )


def _word_vectors(config: Block) -> Iterator[str]:
    nouns, french, run = config["nouns"], config["search"]["french_vectors"], config["run"]
    used = noun_vectors(config)
    keys = [*(("nouns.vectors", name) for name in used), ("search.french_vectors", french)]
    for key, name in keys:
        kind = config["vectors"][name]["kind"] if name else None
        if kind in WITHOUT_FILES:
            yield (
                f"{key}: expected vectors that are read from files, got {name} of kind {kind}; "
                "name others"
            )
    kind = config["vectors"][used[0]]["kind"]
    if nouns["frequent_words"] and kind not in LISTED:
        why = f"for vectors of kind {kind}, which are not listed by frequency"
        yield _must_be("nouns.frequent_words", "0", why, nouns["frequent_words"])
    if len(used) > 1 and kind not in LISTED:
        yield (
            f"nouns.vectors: expected first an entry of kind {', '.join(LISTED)}, whose words are "
            f"listed by frequency, got {used[0]} of kind {kind}; change the order"
        )
    kinds = {config["image_sets"][name]["kind"] for name in run["images"]}
    if french and kinds.isdisjoint(BILINGUAL):
        kinds_with = " and ".join(BILINGUAL)
        why = f"where no set of run.images has French names (kinds {kinds_with} have)"
        yield _must_be("search.french_vectors", "null", why, french)


def _head(at: str, method: Block) -> Iterator[str]:
    layers, dropouts = len(method["head"]["hidden"]) + 1, len(method["head"]["dropouts"])
    if layers != dropouts:
        yield (
            f"{at}.head.dropouts: expected one for each of {layers} layers, got {dropouts}; set "
            "one per hidden layer and one for the last layer"
        )
    if method["loss"]["kind"] == "softmax" and method["classifier"]["use"]:
        why = "with the softmax loss, whose outputs are no vectors"
        yield _must_be(f"{at}.classifier.use", "false", why, "true")
    yield from _momenta(at, method["schedule"])


def _methods(config: Block) -> Iterator[str]:
    """Yield a line for each method that is searched with or tabulated but does not run or fit."""
    run, searched = config["run"], config["search"]["method"]
    yield from _among("search.method", [searched], run, "methods")
    yield from _among("image_tables.method", [config["image_tables"]["method"]], run, "methods")
    method = config["methods"].get(searched, {"kind": None})
    softmax = method["kind"] == "head" and method["loss"]["kind"] == "softmax"
    if searched in run["methods"] and (softmax or method["kind"] == "class_mean"):
        yield (
            "search.method: expected a method that predicts word vectors, to search with, got "
            f"{searched}, which predicts classes; name another"
        )
