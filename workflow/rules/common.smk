# Names and functions that several rule files use. In: the checked config.

from workflow.relations import samples_with_attention

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
SPLIT = (
    "<results>/auxiliary/pairs.tsv" if config["auxiliary"]["use"] else "<results>/split/pairs.tsv"
)
# A model of lower-cased text can only be scored without case.
LOWERCASE = config["scores"]["lowercase"]
if LOWERCASE is None:
    LOWERCASE = config["tokens"]["rules"]["lower_case"]
# The tokens that models read: words, or SentencePiece pieces of words.
PIECES = LANGUAGES if config["tokens"]["tokenizer"] == "sentencepiece" else []
TOKENS = "<results>/subwords/pairs.tsv" if PIECES else SPLIT
AUXILIARY_REPORTS = expand(
    "<results>/auxiliary/{step}.report.tsv",
    step=["auxiliary_clauses", "auxiliary_tokens", "auxiliary"] * config["auxiliary"]["use"],
)
TABLES = expand(
    "<results>/tables/{table}.html",
    table=["scores", "samples", "training", "corpus", "corpus_pairs", "leaks"]
    + ["vectors", "coverage"],
)
FIGURES = [
    *expand("<results>/figures/{figure}.png", figure=["losses", "schedule", "scores"]),
    *expand(
        "<results>/figures/learning_rate_{variant}.png", variant=config["range_test"]["variants"]
    ),
    *expand(
        "<results>/figures/{kind}/{variant}_{number}.png",
        kind=["attention", "attention_curves"],
        variant=[name for name in VARIANTS if config["variants"][name]["model"]["attention"]],
        number=samples_with_attention(**config["samples"]),
    ),
]
# Keys of the config's blocks that name fetched files.
FILE_KEYS = ["bin", "en", "fr", "key2row", "matrix", "strings", "table", "vec", "vectors"]
FILE_KEYS += ["verses", "words"]
FILE_KEYS += ["archive", "classes", "groups", "names", "package", "senses", "wordnet"]
# Bytes of the largest files that are compared by checksum, as in the profiles.
LARGE = 10**9
# Settings that a range test fixes: those that it searches or that act after its single epoch.
RANGE_TEST_TRAINING = {
    "ema_decay": 0,
    "epochs": 1,
    "freeze_batch_norm_after": None,
    "keep_epoch": "last",
    "learning_rate": 1,
    "patience": None,
}
RANGE_TEST_SCHEDULE = {
    "kind": "constant",
    "cut": 2,
    "divisor": 1,
    "final_percent": 0,
    "momentum_high": None,
    "momentum_low": None,
    "warmup": 1,
}

# ---- Images -----------------------------------------------------------------------------------

LABELLED_SETS = config["run"]["images"]
ALL_SETS = LABELLED_SETS + config["run"]["unlabelled_sets"]
METHODS = config["run"]["methods"]
SHARDS = range(config["features"]["shards"])
FEATURES = expand("<results>/features/{set}/{shard}.npy", set=LABELLED_SETS, shard=SHARDS)
ALL_FEATURES = expand("<results>/features/{set}/{shard}.npy", set=ALL_SETS, shard=SHARDS)
ROWS, ALL_ROWS = ([p[: -len("npy")] + "tsv" for p in paths] for paths in (FEATURES, ALL_FEATURES))
LOGITS, ALL_LOGITS = (
    [p[: -len("npy")] + "logits.npy" for p in paths] for paths in (FEATURES, ALL_FEATURES)
)
EXTRACTION = {
    **{key: value for key, value in config["features"].items() if key not in ("shards", "weights")},
    "device": config["device"],
}
NOUN_VECTORS = config["vectors"].get(config["nouns"]["vectors"], {})
FRENCH_VECTORS = config["vectors"].get(config["search"]["french_vectors"], {})
BACKBONE_WEIGHTS = f"resources/files/{config['features']['weights']}"
# Methods with a random part; the others give the same results for any seed.
SEEDED = [name for name in METHODS if config["methods"][name]["kind"] in ("head", "random")]
DEVISE_SCORES = [
    f"<results>/devise_scores/{name}/{seed}.json"
    for name in METHODS
    for seed in (SEEDS if name in SEEDED else SEEDS[:1])
]
HEADS, BASELINES = (
    "|".join(
        re.escape(name)
        for name, block in config["methods"].items()
        if (block["kind"] == "head") == is_head
    )
    or "none"
    for is_head in (True, False)
)
SEARCH_METHOD = config["search"]["method"]
INDEXES = ["classes", "nouns", "images"]
INDEX_FILES = ["vectors.npy", "labels.tsv", "hnsw.bin"]
EXAMPLES = config["search"]["examples"] if LABELLED_SETS else {}
IMAGE_TABLES = (
    expand(
        "<results>/tables/{table}.html",
        table=["nouns", "images", "devise", "devise_words", "devise_nouns"]
        + ["label_errors", *[f"search_{name}" for name in EXAMPLES]],
    )
    if LABELLED_SETS
    else []
)
FRENCH_TABLES = ["<results>/tables/french.html"] if LABELLED_SETS and FRENCH_VECTORS else []
HEADS_RUN = [name for name in METHODS if config["methods"][name]["kind"] == "head"]
IMAGE_FIGURES = [
    *["<results>/figures/head_losses.png"] * bool(LABELLED_SETS and HEADS_RUN),
    *expand("<results>/figures/search_{example}.png", example=EXAMPLES),
    *expand(
        "<results>/figures/head_learning_rate_{method}.png",
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
        "<results>/config.json",
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
    set="|".join(map(re.escape, config["image_sets"])) or "none",
    shard=r"\d+",
    method="|".join(map(re.escape, config["methods"])) or "none",
    index="|".join(INDEXES),
    example="|".join(map(re.escape, EXAMPLES)) or "none",


def resource_files(block):
    """Return the fetched files that a block of the config names."""
    named = {key: block[key] for key in FILE_KEYS if block.get(key)}
    return {key: f"resources/files/{name}" for key, name in named.items()}


def without(block, part, keys):
    """Return a block of the config without some keys of its mapping ``part``."""
    kept = {key: value for key, value in block[part].items() if key not in keys}
    return {**block, part: kept}


def range_tested(block):
    """Return the settings of a variant or method with those that a range test fixes."""
    training = {
        key: RANGE_TEST_TRAINING.get(key, value) for key, value in block["training"].items()
    }
    return {**block, "schedule": RANGE_TEST_SCHEDULE, "training": training}
