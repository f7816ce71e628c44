# Shared by the files beside this one: names that wildcards may take, what a run consists of, and
# which block of the config and which files each job reads. In: the checked config. Out: names.

VARIANTS = config["run"]["variants"]
SEEDS = config["run"]["seeds"]
CORPUS = config["corpora"][config["corpus"]]
VERSES = CORPUS["kind"] == "verses"
LANGUAGES = ["fr", "en"]
# Only a job that must have a GPU asks for one, so that others train side by side.
GPUS = int(config["device"] == "cuda")

PAIRED = "<results>/questions/sentences.tsv"
# Where the tokens that models see come from: words, or words cut into pieces.
TOKENS = (
    "<results>/pieces/pairs.tsv"
    if config["tokens"]["tokenizer"] == "sentencepiece"
    else "<results>/split/pairs.tsv"
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


wildcard_constraints:
    resource="|".join(map(re.escape, config["resources"])) or "none",
    variant="|".join(map(re.escape, config["variants"])),
    seed=r"\d+",
    language="fr|en",
    number=r"\d+",


def resource_files(block):
    """Return the fetched files that a block of the config names."""
    named = {key: block[key] for key in FILE_KEYS if block.get(key)}
    return {key: f"resources/files/{name}" for key, name in named.items()}


def resource_block(wildcards):
    """Return the config's entry of one resource."""
    return config["resources"][wildcards.resource]


def local_places(wildcards):
    """Return the files of one's own that a resource may come from, so that their edits count."""
    places = resource_block(wildcards)["places"]
    return [place["local"] for place in places if os.path.exists(place.get("local", ""))]


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
    block = vectors_block(wildcards)
    kind = {key: block[key] for key in ("kind", "dim", "unit_length") if key in block}
    return {**own, "vectors": kind}


def training_block(wildcards):
    """Return all that a training of one variant depends on beside its inputs and its seed."""
    return {
        "variant": config["variants"][wildcards.variant],
        "device": config["device"],
        "threads": config["threads"]["training"],
    }


def range_test_block(wildcards):
    """Return the same for the range test, with its own settings."""
    bounds = {key: config["range_test"][key] for key in ("lowest", "highest")}
    return {**training_block(wildcards), "range_test": bounds, "seed": SEEDS[0]}
