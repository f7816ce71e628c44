# In: fetched vectors (or the corpus itself) and vocabularies.
# Out: <results>/embeddings/{fr,en}.npy (words x dim, float32) and a table of their coverage.


rule vectors:
    """The embedding matrices of both languages."""
    input:
        expand("<results>/embeddings/{language}.npy", language=LANGUAGES),
        "<results>/tables/vectors.html",
        "<results>/tables/coverage.html",


rule train_vectors:
    """fastText skip-gram vectors trained on one language's train and auxiliary text."""
    input:
        pairs=TOKENS,
    output:
        bin="<results>/vectors/{vectors}.{language}.bin",
    log:
        "<logs>/train_vectors/{vectors}.{language}.log",
    conda:
        "../../envs/text.yaml"
    resources:
        runtime=240,
    params:
        settings=lambda wildcards: config["vectors"][wildcards.vectors],
    script:
        "../scripts/train_vectors.py"


rule build_embeddings:
    """The initial embedding matrix of one language, and the coverage of its vectors."""
    input:
        unpack(
            lambda wildcards: language_vectors(
                config["embeddings"][wildcards.language], wildcards.language
            )
        ),
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
        **{
            f"{language}_{name}_{key}": path
            for language in LANGUAGES
            for name in vectors_entries(language)
            for key, path in language_vectors(name, language).items()
        },
        **{f"{k}_vocabulary": f"<results>/vocabulary/{k}.tsv" for k in LANGUAGES},
        **{f"{k}_report": f"<results>/embeddings/{k}.report.tsv" for k in LANGUAGES},
    output:
        vectors=table("tables/vectors", "vectors", "Corpus", "Word vectors"),
        coverage=table("tables/coverage", "vectors", "Corpus", "Coverage of words"),
    log:
        "<logs>/describe_vectors.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "vectors": {
                language: {
                    name: vectors_kind(config["vectors"][name])
                    for name in vectors_entries(language)
                }
                for language in LANGUAGES
            },
            "published": config["scores"]["published"],
        },
    script:
        "../scripts/describe_vectors.py"
