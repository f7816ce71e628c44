# In: WordNet's database, a list of ImageNet's classes, word vectors.
# Out: <results>/nouns: all nouns, and the vectors of those that have one.


rule list_nouns:
    """The nouns of WordNet, with the classes of ImageNet among them."""
    input:
        **resource_files(config["wordnet"]),
    output:
        "<results>/nouns/nouns.tsv",
    log:
        "<logs>/list_nouns.log",
    conda:
        "../../envs/text.yaml"
    params:
        files=config["wordnet"],
    script:
        "../scripts/list_nouns.py"


rule embed_nouns:
    """The word vectors of the nouns, and how many nouns each way to find one covers."""
    input:
        **resource_files(NOUN_VECTORS),
        nouns="<results>/nouns/nouns.tsv",
    output:
        matrix="<results>/nouns/vectors.npy",
        rows="<results>/nouns/vectors.tsv",
        coverage="<results>/nouns/coverage.tsv",
    log:
        "<logs>/embed_nouns.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            **{
                key: config["nouns"][key]
                for key in ("lemmas", "multiword", "lower_case", "frequent_words")
            },
            "vectors": vectors_kind(NOUN_VECTORS),
        },
    script:
        "../scripts/embed_nouns.py"
