# In: <results>/nouns, the chosen method's predictions, translators. Out: <results>/search: indexes
# of classes, nouns and images, the words to search with, French questions, and the lesson's
# searches as contact sheets.


rule images:
    """Tables, figures and indexes of the image side, as far as they need no translator."""
    input:
        IMAGE_TABLES,
        [] if TRANSLATED_NAMES else FRENCH_TABLES,
        IMAGE_FIGURES,
        SEARCH_FILES,


rule take_chosen:
    """The model of the chosen method, under a name of its own for the search."""
    input:
        choice="<results>/devise/chosen.json",
        files=expand(
            "<results>/devise/{method}/{seed}/{name}",
            method=RIVALS,
            seed=SEEDS[0],
            name=["model.safetensors", "settings.json"],
        ),
    output:
        expand(
            "<results>/devise/chosen/{seed}/{name}",
            seed=SEEDS[0],
            name=["model.safetensors", "settings.json"],
        ),
    log:
        "<logs>/take_chosen.log",
    benchmark:
        "<results>/benchmarks/take_chosen.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/take_chosen.py"


rule build_index:
    """An index of nouns or images: vectors, labels, graph, and a description of what made them."""
    input:
        unpack(index_files),
        nouns="<results>/nouns/nouns.tsv",
        vectors="<results>/nouns/vectors.npy",
        rows="<results>/nouns/vectors.tsv",
    output:
        vectors="<results>/search/{index}/vectors.npy",
        labels="<results>/search/{index}/labels.tsv",
        graph="<results>/search/{index}/hnsw.bin",
        description="<results>/search/{index}/index.json",
    log:
        "<logs>/build_index/{index}.log",
    benchmark:
        "<results>/benchmarks/build_index/{index}.tsv"
    conda:
        "../../envs/search.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=index_block,
        order=index_sets,
    script:
        "../scripts/build_index.py"


rule build_words:
    """The English words that one can search with, and their vectors."""
    input:
        **resource_files(NOUN_VECTORS),
        nouns="<results>/nouns/nouns.tsv",
        noun_vectors="<results>/nouns/vectors.npy",
    output:
        words="<results>/search/words/en/words.txt",
        vectors="<results>/search/words/en/vectors.npy",
        ranks="<results>/search/words/en/ranks.npy",
        description="<results>/search/words/en/words.json",
    log:
        "<logs>/build_words.log",
    benchmark:
        "<results>/benchmarks/build_words.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        settings={**config["search"]["words"], "vectors": vectors_kind(NOUN_VECTORS)},
    script:
        "../scripts/build_words.py"


rule align_french:
    """French words in the space of the English ones, by a rotation fitted on names of images."""
    input:
        **resource_files(FRENCH_VECTORS),
        images="<results>/images/split.tsv",
        english="<results>/search/words/en/words.json",
        files=rules.build_words.output,
    output:
        words="<results>/search/words/fr/words.txt",
        vectors="<results>/search/words/fr/vectors.npy",
        ranks="<results>/search/words/fr/ranks.npy",
        description="<results>/search/words/fr/words.json",
    log:
        "<logs>/align_french.log",
    benchmark:
        "<results>/benchmarks/align_french.tsv"
    conda:
        "../../envs/search.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        settings={**config["search"]["words"], "vectors": vectors_kind(FRENCH_VECTORS)},
    script:
        "../scripts/align_french.py"


rule translate_names:
    """French names of images as questions, and what the translator with the best BLEU says."""
    input:
        images="<results>/images/split.tsv",
        usage="<results>/usage.json",
        vocabularies=expand("<results>/vocabulary/{language}.tsv", language=LANGUAGES),
        pieces=expand("<results>/pieces/{language}.model", language=PIECES),
        models=expand(
            "<results>/translators/{variant}/{seed}/model.safetensors",
            variant=FRENCH_READERS,
            seed=SEEDS,
        ),
        settings=expand(
            "<results>/translators/{variant}/{seed}/settings.json",
            variant=FRENCH_READERS,
            seed=SEEDS,
        ),
        scores=expand("<results>/scores/{variant}/{seed}.json", variant=FRENCH_READERS, seed=SEEDS),
    output:
        "<results>/search/french_questions.tsv",
    log:
        "<logs>/translate_names.log",
    benchmark:
        "<results>/benchmarks/translate_names.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings={"question": config["search"]["french"]["question"]},
    script:
        "../scripts/translate_names.py"


rule measure_french:
    """A table of how well French names find images, beside the English ones of the same nouns."""
    input:
        **resource_files(FRENCH_VECTORS),
        translated=TRANSLATED_NAMES,
        images="<results>/images/split.tsv",
        english="<results>/search/words/en/words.json",
        word_files=rules.build_words.output,
        index="<results>/search/images/index.json",
        files=expand("<results>/search/images/{name}", name=INDEX_FILES),
    output:
        multiext("<results>/tables/french", ".tsv", ".md", ".html"),
    log:
        "<logs>/measure_french.log",
    benchmark:
        "<results>/benchmarks/measure_french.tsv"
    conda:
        "../../envs/search.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        settings={
            **{key: config["search"]["french"][key] for key in ("folds", "hits")},
            "vectors": vectors_kind(FRENCH_VECTORS),
        },
    script:
        "../scripts/measure_french.py"


rule measure_recall:
    """A table of what each index finds of exact search's answers, its size and its times."""
    input:
        builds=expand("<results>/benchmarks/build_index/{index}.tsv", index=INDEXES),
        indexes=expand("<results>/search/{index}/index.json", index=INDEXES),
        files=expand("<results>/search/{index}/{name}", index=INDEXES, name=INDEX_FILES),
    output:
        multiext("<results>/timings/search", ".tsv", ".md", ".html"),
    log:
        "<logs>/measure_recall.log",
    benchmark:
        "<results>/benchmarks/measure_recall.tsv"
    conda:
        "../../envs/search.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        settings=config["search"]["recall"],
    script:
        "../scripts/measure_recall.py"


rule search_examples:
    """One of the lesson's searches: a contact sheet of what is found, and a table of the scores."""
    input:
        words="<results>/search/words/en/words.json",
        word_files=rules.build_words.output,
        index=example_index,
        images="<results>/search/images/index.json",
        files=expand("<results>/search/{index}/{name}", index=INDEXES, name=INDEX_FILES),
        archives=expand("<results>/images/{set}.zip", set=ALL_SETS),
    output:
        sheet="<results>/figures/search_{example}.png",
        table="<results>/tables/search_{example}.tsv",
        pages=multiext("<results>/tables/search_{example}", ".md", ".html"),
    log:
        "<logs>/search_examples/{example}.log",
    benchmark:
        "<results>/benchmarks/search_examples/{example}.tsv"
    conda:
        "../../envs/search.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=example_block,
    script:
        "../scripts/search_examples.py"


rule record_image_usage:
    """How an image that is searched with becomes features, for `wordbridge search --image`."""
    input:
        weights=BACKBONE_WEIGHTS,
    output:
        "<results>/search/image_usage.json",
    log:
        "<logs>/record_image_usage.log",
    benchmark:
        "<results>/benchmarks/record_image_usage.tsv"
    conda:
        "../../envs/search.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings={
            key: config["features"][key]
            for key in ("backbone", "short_side", "pooling", "precision")
        },
    script:
        "../scripts/record_image_usage.py"
