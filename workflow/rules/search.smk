# In: <results>/nouns, the predictions of search.method. Out: <results>/search: indexes of classes,
# nouns and images, the words to search with, and the lesson's searches as contact sheets.


rule images:
    """All tables, figures and indexes of the images."""
    input:
        IMAGE_TABLES,
        FRENCH_TABLES,
        IMAGE_FIGURES,
        SEARCH_FILES,


rule build_index:
    """An index of nouns or images: vectors, labels, HNSW graph and a description of their source."""
    input:
        unpack(index_files),
        nouns="<results>/nouns/nouns.tsv",
        vectors="<results>/nouns/vectors.npy",
        rows="<results>/nouns/vectors.tsv",
    output:
        expand("<results>/search/{{index}}/{name}", name=INDEX_FILES),
    log:
        "<logs>/build_index/{index}.log",
    benchmark:
        "<results>/benchmarks/build_index/{index}.tsv"
    conda:
        "../../envs/search.yaml"
    params:
        settings=index_block,
        order=lambda wildcards: ALL_SETS if wildcards.index == "images" else [],
    script:
        "../scripts/build_index.py"


rule build_words:
    """The English words of queries, and their vectors."""
    input:
        **noun_vectors_files(),
        nouns="<results>/nouns/nouns.tsv",
        noun_vectors="<results>/nouns/vectors.npy",
    output:
        expand("<results>/search/words/en/{name}", name=WORD_FILES),
    log:
        "<logs>/build_words.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={**config["search"]["words"], "vectors": NOUN_VECTORS},
    script:
        "../scripts/build_words.py"


rule align_french:
    """French words mapped into the space of the English ones, fitted on names of images."""
    input:
        **resource_files(FRENCH_VECTORS),
        images="<results>/images/split.tsv",
        english=rules.build_words.output,
    output:
        expand("<results>/search/words/fr/{name}", name=WORD_FILES),
    log:
        "<logs>/align_french.log",
    conda:
        "../../envs/search.yaml"
    params:
        settings={**config["search"]["words"], "vectors": vectors_kind(FRENCH_VECTORS)},
    script:
        "../scripts/align_french.py"


rule tabulate_french:
    """A table of image retrieval by French names and by the English ones of the same nouns."""
    input:
        **resource_files(FRENCH_VECTORS),
        images="<results>/images/split.tsv",
        english=rules.build_words.output,
        index=expand("<results>/search/images/{name}", name=INDEX_FILES),
    output:
        table("tables/french", "french", "Search", "French words"),
    log:
        "<logs>/tabulate_french.log",
    conda:
        "../../envs/search.yaml"
    params:
        settings={"vectors": vectors_kind(FRENCH_VECTORS)},
    script:
        "../scripts/tabulate_french.py"


rule measure_recall:
    """A table of each index: recall against exact search, size and times."""
    input:
        builds=expand("<results>/benchmarks/build_index/{index}.tsv", index=INDEXES),
        indexes=expand("<results>/search/{index}/{name}", index=INDEXES, name=INDEX_FILES),
    output:
        table("timings/search", "recall", "Search", "Indexes"),
    log:
        "<logs>/measure_recall.log",
    conda:
        "../../envs/search.yaml"
    script:
        "../scripts/measure_recall.py"


rule search_examples:
    """One of the lesson's searches: a contact sheet of the results, and a table of their scores."""
    input:
        words=rules.build_words.output,
        indexes=expand("<results>/search/{index}/{name}", index=INDEXES, name=INDEX_FILES),
        archives=expand("<results>/images/{set}.zip", set=ALL_SETS),
    output:
        sheet=result("figures/search_{example}.png", "search", "Search", "Example {example}"),
        tables=table("tables/search_{example}", "search", "Search", "Example {example}"),
    log:
        "<logs>/search_examples/{example}.log",
    conda:
        "../../envs/search.yaml"
    params:
        settings=lambda wildcards: config["search"]["examples"][wildcards.example],
    script:
        "../scripts/search_examples.py"
