# In: fetched vectors (or the corpus itself) and vocabularies.
# Out: <results>/embeddings/{fr,en}.npy (words x dim, float32) and a table of their coverage.


def language_block(language):
    """Return the config's entry of the vectors that a language uses."""
    return config["vectors"][config["embeddings"][language]]


def vectors_block(wildcards):
    """Return ``language_block`` of the wildcard language."""
    return language_block(wildcards.language)


def vectors_kind(block):
    """Return the settings of a block of vectors without its files."""
    return {key: block[key] for key in ("kind", "dim", "unit_length") if key in block}


def language_vectors(language):
    """Return the files that a language's vectors are read from."""
    block = language_block(language)
    if block["kind"] == "trained":
        return {"bin": f"<results>/vectors/{language}.bin"}
    return resource_files(block)


def vectors_files(wildcards):
    """Return ``language_vectors`` of the wildcard language."""
    return language_vectors(wildcards.language)


def both_vectors_files(wildcards):
    """Return ``language_vectors`` of both languages, named fr_... and en_..."""
    return {
        f"{language}_{name}": path
        for language in LANGUAGES
        for name, path in language_vectors(language).items()
    }


def embedding_block(wildcards):
    """Return the settings of a language's embedding matrix."""
    own = {key: config["embeddings"][key] for key in ("scale", "seed", "fallbacks")}
    return {**own, "vectors": vectors_kind(vectors_block(wildcards))}


rule vectors:
    """The embedding matrices of both languages."""
    input:
        expand("<results>/embeddings/{language}.npy", language=LANGUAGES),
        "<results>/tables/vectors.html",
        "<results>/tables/coverage.html",


rule train_vectors:
    """fastText skip-gram vectors learned from one language's train split."""
    input:
        pairs=TOKENS,
    output:
        bin="<results>/vectors/{language}.bin",
    log:
        "<logs>/train_vectors/{language}.log",
    conda:
        "../../envs/text.yaml"
    resources:
        runtime=240,
    params:
        settings=vectors_block,
    script:
        "../scripts/train_vectors.py"


rule build_embeddings:
    """The initial embedding matrix of one language, and the coverage of its vectors."""
    input:
        unpack(vectors_files),
        vocabulary="<results>/vocabulary/{language}.tsv",
    output:
        matrix="<results>/embeddings/{language}.npy",
        report="<results>/embeddings/{language}.report.tsv",
        misses="<results>/embeddings/{language}.misses.tsv",
    log:
        "<logs>/build_embeddings/{language}.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings=embedding_block,
    script:
        "../scripts/build_embeddings.py"


rule describe_vectors:
    """Tables about the word vectors: their statistics, and their coverage of the text."""
    input:
        unpack(both_vectors_files),
        **{f"{k}_vocabulary": f"<results>/vocabulary/{k}.tsv" for k in LANGUAGES},
        **{f"{k}_report": f"<results>/embeddings/{k}.report.tsv" for k in LANGUAGES},
    output:
        vectors=multiext("<results>/tables/vectors", ".tsv", ".md", ".html"),
        coverage=multiext("<results>/tables/coverage", ".tsv", ".md", ".html"),
    log:
        "<logs>/describe_vectors.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "vectors": {
                language: vectors_kind(language_block(language)) for language in LANGUAGES
            },
            "published": config["scores"]["published"],
        },
    script:
        "../scripts/describe_vectors.py"
