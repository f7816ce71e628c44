# Shared by the files beside this one: names that wildcards may take, what a run consists of, and
# which block of the config and which files each job reads. In: the checked config. Out: names.

import hashlib
from pathlib import Path
from urllib.parse import unquote, urlsplit

VARIANTS = config["run"]["variants"]
SEEDS = config["run"]["seeds"]
# Snakemake compares inputs as a set, so the order of a list that a table shows is a param.
RUNS = {"variants": VARIANTS, "seeds": SEEDS}
CORPUS = config["corpora"][config["corpus"]]
VERSES = CORPUS["kind"] == "verses"
LANGUAGES = ["fr", "en"]
# Only a job that must have a GPU asks for one, so that others train side by side.
GPUS = int(config["device"] == "cuda")

PAIRED = "<results>/questions/sentences.tsv"
# The pairs with their parts, and behind them the auxiliary ones where they are used.
SPLIT = (
    "<results>/auxiliary/pairs.tsv" if config["auxiliary"]["use"] else "<results>/split/pairs.tsv"
)
# Where the tokens that models see come from: words, or words cut into pieces.
PIECES = LANGUAGES if config["tokens"]["tokenizer"] == "sentencepiece" else []
TOKENS = "<results>/pieces/pairs.tsv" if PIECES else SPLIT
AUXILIARY_REPORTS = expand(
    "<results>/auxiliary/{step}.report.tsv",
    step=["auxiliary_clauses", "auxiliary_tokens", "auxiliary"] * config["auxiliary"]["use"],
)
TABLES = expand(
    "<results>/tables/{table}.html",
    table=["scores", "samples", "training", "corpus", "corpus_pairs", "leaks", "coverage"],
)
FIGURES = [
    *expand("<results>/figures/{figure}.png", figure=["losses", "schedule", "scores"]),
    *expand(
        "<results>/figures/learning_rate_{variant}.png", variant=config["range_test"]["variants"]
    ),
    *expand(
        "<results>/figures/{kind}_{variant}_{number}.png",
        kind=["attention", "attention_curves"],
        variant=[name for name in VARIANTS if config["variants"][name]["model"]["attention"]],
        number=range(1, config["samples"]["attention"] + 1),
    ),
]
# The keys of a block of the config that name fetched files.
FILE_KEYS = ["bin", "en", "fr", "key2row", "matrix", "strings", "table", "vec", "vectors"]
FILE_KEYS += ["verses", "words"]
FILE_KEYS += ["archive", "classes", "groups", "names", "package", "senses", "wordnet"]
# Snakemake compares no checksums of larger files either; see the profiles.
LARGE = 10**9
# What a range test is made to find, and what comes after its one epoch.
AFTER_TEST = ["averaging", "epochs", "freeze_statistics", "learning_rate", "patience", "select"]

# ---- Pictures -----------------------------------------------------------------------------------

LABELLED_SETS = config["run"]["pictures"]
ALL_SETS = LABELLED_SETS + config["run"]["albums"]
METHODS = config["run"]["methods"]
SHARDS = range(config["features"]["shards"])
TUNING = config["features"]["tuning"]
AUGMENTATION = config["features"]["augmentation"]
TUNED = expand(
    "<results>/backbone/{name}",
    name=["model.safetensors", "settings.json"] if TUNING["blocks"] else [],
)
# Tuned features are in a folder of their own, as tuning begins with those of the plain backbone.
KIND = "tuned" if TUNED else "features"
PLAIN_FEATURES = expand("<results>/features/{set}/{shard}.npy", set=LABELLED_SETS, shard=SHARDS)
FEATURES = expand(f"<results>/{KIND}/{{set}}/{{shard}}.npy", set=LABELLED_SETS, shard=SHARDS)
ALL_FEATURES = expand(f"<results>/{KIND}/{{set}}/{{shard}}.npy", set=ALL_SETS, shard=SHARDS)
# Views are points that heads train on, and nothing else.
VIEWED_SETS = LABELLED_SETS if AUGMENTATION["views"] else []
VIEWS = expand("<results>/views/{set}/{shard}.npy", set=VIEWED_SETS, shard=SHARDS)
POINTS = FEATURES + VIEWS
PLAIN_ROWS, ROWS, ALL_ROWS, POINT_ROWS = (
    [p[: -len("npy")] + "tsv" for p in paths]
    for paths in (PLAIN_FEATURES, FEATURES, ALL_FEATURES, POINTS)
)
LOGITS, ALL_LOGITS, POINT_LOGITS = (
    [p[: -len("npy")] + "logits.npy" for p in paths] for paths in (FEATURES, ALL_FEATURES, POINTS)
)
EXTRACTION = {
    **{
        key: value
        for key, value in config["features"].items()
        if key not in ("augmentation", "shards", "tuning", "weights")
    },
    "device": config["device"],
}
NOUN_VECTORS = config["vectors"].get(config["nouns"]["vectors"], {})
FRENCH_VECTORS = config["vectors"].get(config["search"]["french_vectors"], {})
BACKBONE_WEIGHTS = f"resources/files/{config['features']['weights']}"
# Chance alone makes the trainings of these differ; the others come out the same for any seed.
SEEDED = [name for name in METHODS if config["methods"][name]["kind"] in ("head", "random")]
DEVISE_SCORES = [
    f"<results>/devise_scores/{name}/{seed}.json"
    for name in METHODS
    for seed in (SEEDS if name in SEEDED else SEEDS[:1])
]
# Methods that learn from rows of the backbone's own classifier, too.
TAUGHT = [n for n in METHODS if config["methods"][n].get("targets", {}).get("classifier_weight")]
if TUNED and TAUGHT:
    raise WorkflowError(
        f"methods.{TAUGHT[0]}.targets.classifier_weight: expected 0 where features.tuning.blocks "
        "is not, as the classifier does not look at tuned features, got "
        f"{config['methods'][TAUGHT[0]]['targets']['classifier_weight']}; set one of them to 0"
    )
HEADS, BASELINES = (
    "|".join(
        re.escape(name)
        for name, block in config["methods"].items()
        if (block["kind"] == "head") == is_head
    )
    or "none"
    for is_head in (True, False)
)
METHOD = config["choice"]["method"]
INDEXES = ["classes", "nouns", "pictures"]
INDEX_FILES = ["vectors.npy", "labels.tsv", "hnsw.bin"]
EXAMPLES = config["search"]["examples"] if LABELLED_SETS else {}
PICTURE_TABLES = (
    expand(
        "<results>/tables/{table}.html",
        table=["nouns", "devise_choice", "devise", "devise_words", "devise_nouns", "mislabelled"]
        + [f"search_{name}" for name in EXAMPLES],
    )
    if LABELLED_SETS
    else []
)
FRENCH_TABLES = ["<results>/tables/french.html"] if LABELLED_SETS and FRENCH_VECTORS else []
# The translators that can be asked French questions, and what the best one makes of them.
FRENCH_READERS = [name for name in VARIANTS if config["variants"][name]["direction"] == "fr-en"]
ASKS_FRENCH = FRENCH_TABLES and FRENCH_READERS and config["search"]["french"]["question"]
TRANSLATED_NAMES = ["<results>/search/french_questions.tsv"] if ASKS_FRENCH else []
PICTURE_FIGURES = [
    *expand("<results>/figures/search_{example}.png", example=EXAMPLES),
    *expand(
        "<results>/figures/head_rate_{method}.png",
        method=config["range_test"]["heads"] if LABELLED_SETS else [],
    ),
]
SEARCH_FILES = (
    [
        *expand("<results>/search/{index}/index.json", index=INDEXES),
        *expand(
            "<results>/search/words/{language}/words.json",
            language=LANGUAGES if FRENCH_VECTORS else ["en"],
        ),
        "<results>/search/picture_usage.json",
        "<results>/timings/search.html",
    ]
    if LABELLED_SETS
    else []
)


wildcard_constraints:
    resource="|".join(map(re.escape, config["resources"])) or "none",
    variant="|".join(map(re.escape, config["variants"])),
    seed=r"\d+",
    language="fr|en",
    number=r"\d+",
    set="|".join(map(re.escape, config["picture_sets"])) or "none",
    shard=r"\d+",
    method="|".join(map(re.escape, config["methods"])) or "none",
    index="|".join(INDEXES),
    example="|".join(map(re.escape, EXAMPLES)) or "none",


def resource_files(block):
    """Return the fetched files that a block of the config names."""
    named = {key: block[key] for key in FILE_KEYS if block.get(key)}
    return {key: f"resources/files/{name}" for key, name in named.items()}


def resource_entry(wildcards, output):
    """Return the config's entry of one resource.

    What a function makes that asks for outputs or threads is no reason to run a job again.
    """
    return config["resources"][wildcards.resource]


def resource_identity(wildcards):
    """Return what decides which bytes a resource has: its checksum, or else where they are from."""
    block = config["resources"][wildcards.resource]
    if block["sha256"]:
        return {"sha256": block["sha256"]}
    # Snakemake would not see that an older file took the place of another.
    own = [file_digest(path) for path in own_files(wildcards)]
    return {"places": block["places"], "size": block["size"], "own": own}


def own_files(wildcards):
    """Return the files of one's own that a resource may come from, so that their edits count.

    A checksum says which bytes are meant, whatever lies in these files now.
    """
    block = config["resources"][wildcards.resource]
    if block["sha256"]:
        return []
    addresses = [place.get("url", "") for place in block["places"]]
    paths = [
        f"resources/manual/{wildcards.resource}",
        *[place.get("local", "") for place in block["places"]],
        *[unquote(urlsplit(url).path) for url in addresses if url.startswith("file:")],
    ]
    return list(filter(os.path.isfile, paths))


def file_digest(path):
    """Return a digest of a file's bytes, or of its size and time if it is large."""
    stat = os.stat(path)
    if stat.st_size > LARGE:
        return f"{stat.st_size} {stat.st_mtime_ns}"
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def vectors_block(wildcards):
    """Return the config's entry of the vectors that a language uses."""
    return config["vectors"][config["embeddings"][wildcards.language]]


def vectors_files(wildcards):
    """Return the files that a language's vectors are read from."""
    block = vectors_block(wildcards)
    if block["kind"] == "trained":
        return {"bin": f"<results>/vectors/{wildcards.language}.bin"}
    return resource_files(block)


def embedding_block(wildcards):
    """Return how a language's vectors become its embedding, and of what kind they are."""
    own = {key: config["embeddings"][key] for key in ("scale", "seed", "fallbacks")}
    return {**own, "vectors": vectors_kind(vectors_block(wildcards))}


def without(block, part, keys):
    """Return a block of the config without some keys of one of its parts."""
    kept = {key: value for key, value in block[part].items() if key not in keys}
    return {**block, part: kept}


def training_block(wildcards):
    """Return all that a training of one variant depends on beside its inputs and its seed."""
    return {
        "variant": without(config["variants"][wildcards.variant], "training", ["save_seconds"]),
        "device": config["device"],
        "threads": config["threads"]["training"],
    }


def variant_save_seconds(wildcards, threads):
    """Return how often the training of a variant saves its state; see ``resource_entry``."""
    return config["variants"][wildcards.variant]["training"]["save_seconds"]


def range_tested(block):
    """Return a block of the config without what a range test is made before."""
    kept = {key: value for key, value in block.items() if key != "schedule"}
    return without(kept, "training", AFTER_TEST)


def range_test_block(wildcards):
    """Return the same for the range test, with its own settings."""
    bounds = {key: config["range_test"][key] for key in ("lowest", "highest")}
    block = training_block(wildcards)
    tested = range_tested(block["variant"])
    return {**block, "variant": tested, "range_test": bounds, "seed": SEEDS[0]}


def schedule_block(name):
    """Return what the learning rate of a variant depends on."""
    block = config["variants"][name]
    keys = ("epochs", "batch_size", "learning_rate", "auxiliary_pairs", "auxiliary_epochs")
    return {
        "schedule": block["schedule"],
        "training": {key: block["training"][key] for key in keys},
    }


def vectors_kind(block):
    """Return what a block of vectors says beside the files that it names."""
    return {key: block[key] for key in ("kind", "dim", "unit_length") if key in block}


def picture_set_block(wildcards):
    """Return the config's entry of a picture set, and for a folder what lies in it now."""
    block = config["picture_sets"][wildcards.set]
    return {**block, "found": folder_digest(block["folder"])} if block.get("folder") else block


def picture_set_files(wildcards):
    """Return the fetched files that a picture set is made of."""
    return resource_files(config["picture_sets"][wildcards.set])


def folder_digest(folder):
    """Return a digest of the names, sizes and times of all files under a folder.

    Snakemake itself would see neither a picture that is added in a folder below, nor a change
    of one.
    """
    digest = hashlib.sha256()
    for path in sorted(p for p in Path(folder).rglob("*") if p.is_file()):
        stat = path.stat()
        digest.update(f"{path.relative_to(folder)}\0{stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def tuning_block(wildcards):
    """Return all that the tuning of the backbone depends on beside its inputs."""
    drawn = {key: value for key, value in AUGMENTATION.items() if key != "views"}
    return {
        **{key: config["features"][key] for key in ("backbone", "pooling", "short_side")},
        "tuning": {key: value for key, value in TUNING.items() if key != "save_seconds"},
        "augmentation": drawn if TUNING["augment"] else {},
        "device": config["device"],
        "threads": config["threads"]["training"],
    }


def tuning_save_seconds(wildcards, threads):
    """Return how often the tuning saves its state; see ``resource_entry``."""
    return TUNING["save_seconds"]


def head_block(wildcards):
    """Return all that the training of one head depends on beside its inputs and its seed."""
    block = without(config["methods"][wildcards.method], "training", ["save_seconds"])
    return {
        # The backbone's classifier speaks beside a head that is trained.
        "variant": {key: value for key, value in block.items() if key != "classifier"},
        "device": config["device"],
        "threads": config["threads"]["training"],
    }


def classifier_block(wildcards):
    """Return how the backbone's classifier speaks beside a head."""
    return config["methods"][wildcards.method]["classifier"]


def head_save_seconds(wildcards, threads):
    """Return how often the training of a head saves its state; see ``resource_entry``."""
    return config["methods"][wildcards.method]["training"]["save_seconds"]


def head_rate_block(wildcards):
    """Return the same for the range test of a head, with its own settings."""
    bounds = {key: config["range_test"][key] for key in ("lowest", "highest", "steps")}
    block = head_block(wildcards)
    tested = range_tested(block["variant"])
    return {**block, "variant": tested, "range_test": bounds, "seed": SEEDS[0]}


def baseline_block(wildcards):
    """Return the settings of a method that is fitted at once."""
    return {"variant": config["methods"][wildcards.method], "threads": 1}


def predicted_sets(wildcards):
    """Return the picture sets that a method is asked about, in the order of its rows."""
    return ALL_SETS if wildcards.method == "chosen" else LABELLED_SETS


def predicted_files(wildcards):
    """Return the features that a method is asked about: for the chosen one albums as well."""
    chosen = wildcards.method == "chosen"
    return {
        "features": ALL_FEATURES if chosen else FEATURES,
        "logits": ALL_LOGITS if chosen else LOGITS,
        "rows": ALL_ROWS if chosen else ROWS,
    }


def index_files(wildcards):
    """Return what an index of pictures is made of beside the nouns."""
    if wildcards.index != "pictures":
        return {}
    chosen = f"<results>/devise/chosen/{SEEDS[0]}"
    return {
        "pictures": ["<results>/pictures/split.tsv"]
        + expand("<results>/pictures/{set}.tsv", set=config["run"]["albums"]),
        "features": ALL_ROWS,
        "predictions": f"{chosen}/predictions.npy",
        "description": f"{chosen}/predictions.json",
        "tuned": TUNED,
    }


def index_sets(wildcards):
    """Return the picture sets in an index, in the order of its rows."""
    return ALL_SETS if wildcards.index == "pictures" else []


def index_block(wildcards):
    """Return which index is built, and how."""
    made = {"method": "chosen", "seed": SEEDS[0]} if wildcards.index == "pictures" else {}
    return {"index": wildcards.index, "graph": config["search"]["graph"], **made}


def example_block(wildcards):
    """Return the settings of one of the example searches."""
    return config["search"]["examples"][wildcards.example]


def example_index(wildcards):
    """Return the index that an example searches."""
    return f"<results>/search/{example_block(wildcards)['index']}/index.json"
