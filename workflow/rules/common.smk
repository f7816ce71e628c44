# Constants, and functions for the inputs and params of rules. In: the checked config.

from functools import cache
from itertools import chain
from urllib.parse import unquote, urlsplit

from workflow.config import without_resource
from workflow.folders import folder_digest
from workflow.relations import factor_levels, noun_vectors, samples_with_attention
from wordbridge.files import file_sha256

VARIANTS = config["run"]["variants"]
SEEDS = config["run"]["seeds"]
# Snakemake compares inputs as a set, so the order of a list that a table shows is a param.
RUNS = {"variants": VARIANTS, "seeds": SEEDS}
CORPUS = config["corpora"][config["corpus"]]
VERSES = CORPUS["kind"] == "verses"
LANGUAGES = ["fr", "en"]
# Jobs request a GPU only if they must have one, so that others can share it.
GPUS = int(config["device"] == "cuda")

PAIRED = "<results>/questions/sentences.tsv"
# The pairs with their splits, followed by the auxiliary ones where they are used.
SPLIT_PAIRS = (
    "<results>/auxiliary/pairs.tsv" if config["auxiliary"]["use"] else "<results>/split/pairs.tsv"
)
# A model of lower-cased text can only be scored without case.
LOWERCASE = config["scores"]["lowercase"]
if LOWERCASE is None:
    LOWERCASE = config["tokens"]["rules"]["lower_case"]
# The tokens that models read: words, or SentencePiece pieces of words.
PIECES = config["tokens"]["tokenizer"] == "sentencepiece"
TOKENS = "<results>/subwords/pairs.tsv" if PIECES else SPLIT_PAIRS
FACTORIAL = config["scores"]["factorial"]
BASELINE, EXPERIMENTS = config["scores"]["baseline"], config["scores"]["experiments"]
# The lesson's claims are about recurrent translators.
LEVELS = {
    name: factor_levels(config["variants"][name])
    for name in VARIANTS
    if config["variants"][name]["model"]["cell"] != "transformer"
}
# The direction of all variants.
SOURCE, _, TARGET = config["variants"][VARIANTS[0]]["direction"].partition("-")
WITH_ATTENTION = [name for name, block in config["variants"].items() if block["model"]["attention"]]
ATTENTIVE = [name for name in VARIANTS if name in WITH_ATTENTION]


def run_files(path, variants=VARIANTS, seeds=SEEDS):
    """Return the file of each variant and seed, from a path below the results."""
    return expand(f"<results>/{path}", variant=variants, seed=seeds)


SCORES = run_files("scores/{variant}/{seed}.json")
SENTENCE_SCORES = run_files("scores/{variant}/{seed}.tsv")
# Inputs and settings of several rules.
IDS = {f"{name}_ids": f"<results>/ids/{name}.npz" for name in LANGUAGES}
EMBEDDINGS = {f"{name}_embedding": f"<results>/embeddings/{name}.npy" for name in LANGUAGES}
TRANSLATOR = {
    "model": "<results>/translators/{variant}/{seed}/model.safetensors",
    "settings": "<results>/translators/{variant}/{seed}/settings.json",
}
INFERENCE = {"device": config["device"], "threads": config["threads"]["decoding"]}
TABLES = expand(
    "<results>/tables/{table}.html",
    table=["scores", "scorecard", "lengths", "rarest_words", "adequacy", "samples", "training"]
    + ["exposure_bias", "corpus", "corpus_pairs", "leaks", "vectors", "coverage"]
    + ["attention"] * bool(ATTENTIVE)
    + ["factorial"] * bool(FACTORIAL)
    + ["ablations"] * bool(EXPERIMENTS),
)
FIGURES = [
    *expand(
        "<results>/figures/{figure}.png",
        figure=["losses", "exposure_bias", "schedule", "scores", "lengths", "rarest_words"]
        + ["attention_agreement"] * bool(ATTENTIVE)
        + ["factorial"] * bool(FACTORIAL)
        + ["ablations"] * bool(EXPERIMENTS),
    ),
    *expand(
        "<results>/figures/learning_rate_{variant}.png", variant=config["range_test"]["variants"]
    ),
    *expand(
        "<results>/figures/{kind}/{variant}_{number}.png",
        kind=["attention", "attention_curves"],
        variant=ATTENTIVE,
        number=samples_with_attention(**config["samples"]),
    ),
]
# Keys of the config's blocks that name fetched files.
FILE_KEYS = ["bin", "en", "fr", "key2row", "matrix", "strings", "table", "vec", "vectors"]
FILE_KEYS += ["verses", "words"]
FILE_KEYS += ["archive", "classes", "groups", "labels_table", "names", "package", "senses"]
FILE_KEYS += ["wordnet"]
# Bytes of the largest files that are compared by checksum, as in the profiles.
LARGE = 10**9
# The settings of a training that determine the learning rate of each step.
SCHEDULE_KEYS = ["epochs", "batch_size", "learning_rate", "auxiliary_pairs", "auxiliary_epochs"]
# Settings that a range test fixes: those that it searches or that act after its single epoch.
RANGE_TEST_TRAINING = {
    "ema_decay": 0,
    "epochs": 1,
    "freeze_batch_norm_after": None,
    "keep_epoch": "last",
    "learning_rate": 1,
    "patience": None,
}

# ---- Images -----------------------------------------------------------------------------------

LABELLED_SETS = config["run"]["images"]
ALL_SETS = LABELLED_SETS + config["run"]["unlabelled_sets"]
# Sets whose labels may be words, which can be ambiguous.
WORD_SETS = [
    name
    for name, block in ((name, config["image_sets"][name]) for name in LABELLED_SETS)
    if block["kind"] == "table" or block.get("labels") == "folders"
]
METHODS = config["run"]["methods"]
SHARDS = range(config["features"]["shards"])


def feature_files(ending, sets=LABELLED_SETS):
    """Return the files of all shards of ``sets``: features (npy), rows (tsv) or another ending."""
    return expand(f"<results>/features/{{set}}/{{shard}}.{ending}", set=sets, shard=SHARDS)


EXTRACTION = {
    **{key: value for key, value in config["features"].items() if key not in ("shards", "weights")},
    "device": config["device"],
}
# Vectors of the nouns, and of the English words of queries. Jobs have the whole blocks as params:
# of inputs Snakemake compares the set alone, which is the same in another order.
NOUN_VECTORS = [config["vectors"][name] for name in noun_vectors(config)]
FRENCH_VECTORS = config["vectors"].get(config["search"]["french_vectors"], {})
BACKBONE_WEIGHTS = f"resources/files/{config['features']['weights']}"
# Methods with a random part; the others give the same results for any seed.
SEEDED = [name for name in METHODS if config["methods"][name]["kind"] in ("head", "random")]
DEVISE_SCORES = [
    f"<results>/devise_scores/{name}/{seed}.json"
    for name in METHODS
    for seed in (SEEDS if name in SEEDED else SEEDS[:1])
]
# Inputs of heads and baselines.
TRAINING_DATA = {
    "features": feature_files("npy"),
    "rows": feature_files("tsv"),
    "images": "<results>/images/split.tsv",
    "vectors": "<results>/nouns/vectors.npy",
    "nouns": "<results>/nouns/vectors.tsv",
}
# Inputs of the scores of predictions.
SCORING_DATA = {
    "rows": feature_files("tsv"),
    "images": "<results>/images/split.tsv",
    "vectors": "<results>/nouns/vectors.npy",
    "words": "<results>/nouns/vectors.tsv",
    "nouns": "<results>/nouns/nouns.tsv",
}
SEARCH_METHOD = config["search"]["method"]
INDEXES = ["classes", "nouns", "images"]
WORD_FILES = ["words.txt", "vectors.npy", "words.json"]
INDEX_FILES = ["index.json", "vectors.npy", "rows.npy", "labels.tsv", "hnsw.bin"]
EXAMPLES = config["search"]["examples"] if LABELLED_SETS else {}
IMAGE_TABLES = expand(
    "<results>/tables/{table}.html",
    table=["nouns", "images", "devise", "devise_words", "devise_nouns"]
    + ["labels"] * bool(WORD_SETS)
    + ["label_errors", *[f"search_{name}" for name in EXAMPLES]],
)
FRENCH_TABLES = ["<results>/tables/french.html"] * bool(FRENCH_VECTORS)
HEADS = [name for name, block in config["methods"].items() if block["kind"] == "head"]
HEADS_RUN = [name for name in METHODS if name in HEADS]
IMAGE_FIGURES = [
    *["<results>/figures/head_losses.png"] * bool(HEADS_RUN),
    *expand("<results>/figures/search_{example}.png", example=EXAMPLES),
    *expand(
        "<results>/figures/head_learning_rate_{method}.png", method=config["range_test"]["heads"]
    ),
]
SEARCH_FILES = [
    *expand("<results>/search/{index}/index.json", index=INDEXES),
    *expand(
        "<results>/search/words/{language}/words.json",
        language=LANGUAGES if FRENCH_VECTORS else ["en"],
    ),
    "<results>/config.json",
    "<results>/timings/search.html",
]
if not LABELLED_SETS:
    IMAGE_TABLES = FRENCH_TABLES = IMAGE_FIGURES = SEARCH_FILES = []


def result(name, caption, category, title, kind="figure"):
    """Return an output that ``snakemake --report`` shows under a category, with its caption."""
    labels, path = {"Result": title, "Kind": kind}, f"../report/{caption}.rst"
    return report(f"<results>/{name}", caption=path, category=category, labels=labels)


def table(name, caption, category, title):
    """Return the three files of a table; the report shows the HTML."""
    page = result(f"{name}.html", caption, category, title, "table")
    return [*multiext(f"<results>/{name}", ".tsv", ".md"), page]


def any_of(names):
    """Return a regular expression that matches each of the names."""
    return "|".join(map(re.escape, names)) or "none"


wildcard_constraints:
    resource=any_of(config["resources"]),
    variant=any_of(config["variants"]),
    seed=r"\d+",
    language="fr|en",
    vectors=any_of(config["vectors"]),
    number=r"\d+",
    set=any_of(config["image_sets"]),
    shard=r"\d+",
    method=any_of(config["methods"]),
    index=any_of(INDEXES),
    example=any_of(EXAMPLES),


def resource_files(block):
    """Return the fetched files that a block of the config names."""
    return {key: f"resources/files/{block[key]}" for key in FILE_KEYS if block.get(key)}


def training_settings(block):
    """Return the settings that a training depends on, from the block of a variant or head.

    A head's ensemble with the backbone's classifier is fitted after its training.
    """
    training = block["training"]
    kept = {key: training[key] for key in training if key != "checkpoint_seconds"}
    return {
        "variant": {key: block[key] for key in block if key != "classifier"} | {"training": kept},
        "device": config["device"],
        "threads": config["threads"]["training"],
    }


def schedule_of(name):
    """Return the settings that determine the learning rate of each step of a variant."""
    block = config["variants"][name]
    training = {key: block["training"][key] for key in SCHEDULE_KEYS}
    return {"schedule": block["schedule"], "training": training}


def stops_early(names):
    """Return whether trainings of variants may have fewer steps than their schedules."""
    return any(config["variants"][name]["training"]["patience"] is not None for name in names)


def range_test_settings(block, *keys):
    """Return the settings of a range test, with the ``keys`` of range_test that it needs."""
    settings = training_settings(block)
    training = settings["variant"]["training"]
    fixed = {key: RANGE_TEST_TRAINING.get(key, value) for key, value in training.items()}
    schedule = {**dict.fromkeys(block["schedule"]), "kind": "constant"}  # which has no settings
    tested = {**settings["variant"], "schedule": schedule, "training": fixed}
    bounds = {key: config["range_test"][key] for key in keys}
    return {**settings, "variant": tested, "range_test": bounds, "seed": SEEDS[0]}


# ---- Sources -------------------------------------------------------------------------------------


def resource_identity(wildcards):
    """Return what determines the bytes of a resource: its checksum, or else its locations."""
    block = config["resources"][wildcards.resource]
    if block["sha256"]:
        return {"sha256": block["sha256"]}
    # Snakemake does not notice a file that an older one replaces.
    digests = [file_digest(path) for path in local_files(wildcards)]
    return {"locations": block["locations"], "size": block["size"], "digests": digests}


def local_files(wildcards):
    """Return the local files of a resource without a checksum, whose edits rerun jobs."""
    block = config["resources"][wildcards.resource]
    if block["sha256"]:
        return []
    addresses = [location.get("url", "") for location in block["locations"]]
    paths = [
        f"resources/manual/{wildcards.resource}",
        *[location.get("local", "") for location in block["locations"]],
        *[unquote(urlsplit(url).path) for url in addresses if url.startswith("file:")],
    ]
    return list(filter(os.path.isfile, paths))


def file_digest(path):
    """Return a digest of a file's bytes, or of its size and time if it is large."""
    stat = os.stat(path)
    return f"{stat.st_size} {stat.st_mtime_ns}" if stat.st_size > LARGE else file_sha256(path)


# ---- Word vectors --------------------------------------------------------------------------------


def vectors_entries(language):
    """Return the names of a language's vectors: of its embeddings, and those to compare with."""
    embeddings = config["embeddings"]
    compared = [embeddings["compare"]] if embeddings["compare"] else []
    return list(dict.fromkeys([embeddings[language], *compared]))


def vectors_kind(block):
    """Return the settings of a block of vectors that open them, without the files."""
    return {key: block[key] for key in ("kind", "dim", "unit_length") if key in block}


def language_vectors(name, language):
    """Return the files that the vectors of an entry are read from."""
    block = config["vectors"][name]
    if block["kind"] == "trained":
        return {"bin": f"<results>/vectors/{name}.{language}.bin"}
    return resource_files(block)


def noun_vectors_files():
    """Return the files of the vectors of nouns; after the first entry with its number as prefix."""
    return {
        f"{number}_{key}" if number else key: path
        for number, block in enumerate(NOUN_VECTORS)
        for key, path in resource_files(block).items()
    }


def embedding_block(wildcards):
    """Return the settings of a language's embedding matrix."""
    settings = {key: config["embeddings"][key] for key in ("scale", "seed", "fallbacks")}
    block = config["vectors"][config["embeddings"][wildcards.language]]
    return {**settings, "vectors": vectors_kind(block)}


# ---- Scores --------------------------------------------------------------------------------------


def experiment_files(wildcards):
    """Return the scores of sentences and the pairs of the experiments that are compared.

    Raises WorkflowError where one is missing, as no rule of this experiment makes it.
    """
    scores = f"{{folder}}/scores/{BASELINE}/{{seed}}.tsv"
    files = {
        "experiments": expand(scores, folder=EXPERIMENTS.values(), seed=SEEDS),
        "pairs": expand("{folder}/split/pairs.tsv", folder=EXPERIMENTS.values()),
    }
    for path in chain.from_iterable(files.values()):
        if not os.path.exists(path):
            raise WorkflowError(
                f"scores.experiments: expected finished experiments with the variant {BASELINE} "
                f"and the seeds {', '.join(map(str, SEEDS))}, got no {path}; run them first"
            )
    return files


# ---- Images --------------------------------------------------------------------------------------


cached_digest = cache(folder_digest)  # once per folder and reading of the Snakefile


def image_set_block(wildcards):
    """Return the config's entry of an image set, with a digest of the content of a folder.

    Snakemake notices neither new images in a subfolder nor changed ones. Sets without labels read
    none from names: a folder n20190705 of an album has a date and no synset.
    """
    block = config["image_sets"][wildcards.set]
    if block["kind"] in ("folder", "table", "tar") and wildcards.set not in LABELLED_SETS:
        block = {**block, "labels": "none"}
    if block.get("labels", "folders") != "folders" and block["kind"] != "table":
        block = {key: block[key] for key in block if key not in ("labels_table", "senses")}
    if not block.get("folder"):
        return block
    # A table may list files of any ending.
    return {**block, "digest": cached_digest(block["folder"], block["kind"] == "table")}


# ---- DeViSE --------------------------------------------------------------------------------------


PREDICTED_SETS = {"predictions": LABELLED_SETS, "all_predictions": ALL_SETS}


def predicted_files(wildcards):
    """Return the features of the images that are predicted."""
    sets = PREDICTED_SETS[wildcards.predictions]
    endings = {"features": "npy", "logits": "logits.npy", "rows": "tsv"}
    return {name: feature_files(ending, sets) for name, ending in endings.items()}


# ---- Search --------------------------------------------------------------------------------------


def index_files(wildcards):
    """Return the inputs of an index of images in addition to the nouns."""
    if wildcards.index != "images":
        return {}
    folder = f"<results>/devise/{SEARCH_METHOD}/{SEEDS[0]}"
    predictions = "all_predictions" if config["run"]["unlabelled_sets"] else "predictions"
    return {
        "images": ["<results>/images/split.tsv"]
        + expand("<results>/images/{set}.tsv", set=config["run"]["unlabelled_sets"]),
        "features": feature_files("tsv", ALL_SETS),
        "predictions": f"{folder}/{predictions}.npy",
        "description": f"{folder}/{predictions}.json",
        "model": [f"{folder}/model.safetensors", f"{folder}/settings.json"],
    }


def index_block(wildcards):
    """Return the settings of an index."""
    model = {"method": SEARCH_METHOD, "seed": SEEDS[0]} if wildcards.index == "images" else {}
    return {"index": wildcards.index, "graph": config["search"]["graph"], **model}
