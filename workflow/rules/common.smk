# What several rule files share: the names that wildcards may take, and which config block a rule
# reads. In: the checked config. Out: no rule but the targets of the phases.

VARIANTS = config["run"]["variants"]
SEEDS = config["run"]["seeds"]
CORPUS = config["corpora"][config["corpus"]]
LANGUAGES = ["fr", "en"]
# Only a job that must have a GPU asks for one, so that others train side by side.
GPUS = int(config["device"] == "cuda")


wildcard_constraints:
    resource="|".join(map(re.escape, config["resources"])) or "none",
    variant="|".join(map(re.escape, config["variants"])),
    seed=r"\d+",
    language="fr|en",
    number=r"\d+",


def resource_files(block):
    """Return the fetched files of a block of the config whose entries name resources."""
    named = {"verses", "fr", "en", "table", "bin", "vec", "vectors", "key2row", "strings", "matrix", "words"}
    return {
        key: f"resources/files/{name}"
        for key, name in block.items()
        if key in named and name in config["resources"]
    }


FIGURES = expand("<results>/figures/{figure}.png", figure=["losses", "schedule", "scores"])
FIGURES += expand("<results>/figures/learning_rate_{variant}.png", variant=config["range_test"]["variants"])
FIGURES += expand(
    "<results>/figures/{kind}_{variant}_{number}.png",
    kind=["attention", "attention_curves"],
    variant=[name for name in VARIANTS if config["variants"][name]["model"]["attention"]],
    number=range(1, config["samples"]["attention"] + 1),
)
TABLES = expand(
    "<results>/tables/{table}.html",
    table=["scores", "samples", "training", "corpus", "corpus_pairs", "leaks", "coverage"],
)


rule text:
    """The corpus: pairs, parts, vocabularies, numbers."""
    input:
        expand("<results>/ids/{language}.npz", language=LANGUAGES),
        expand("<results>/tables/{table}.html", table=["corpus", "leaks"]),


rule vectors:
    """The embedding matrices of both languages."""
    input:
        expand("<results>/embeddings/{language}.npy", language=LANGUAGES),
        "<results>/tables/coverage.html",


rule translation:
    """All tables and figures of the translation side."""
    input:
        TABLES,
        FIGURES,
        "<results>/timings/times.html",
