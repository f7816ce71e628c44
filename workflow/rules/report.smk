# In: every table and figure of the run. Out: <results>/index.html, one page that shows them all;
# <results>/explorer.html, one page with the sentences of the scored split and images to search.


rule build_page:
    """The summary page: the main results of the run, and every table and figure."""
    input:
        tables=TABLES + FRENCH_TABLES + IMAGE_TABLES,
        figures=FIGURES + IMAGE_FIGURES,
        numbers=expand(
            "<results>/tables/{table}.tsv",
            table=["scores", "scorecard", "samples", "coverage", "corpus_pairs"]
            + ["devise", "nouns", "images"] * bool(LABELLED_SETS)
            + ["labels"] * bool(WORD_SETS)
            + ["french"] * bool(FRENCH_TABLES),
        ),
    output:
        result("index.html", "page", "Summary", "Summary page", "page"),
    log:
        "<logs>/build_page.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "title": os.path.basename(config["pathvars"]["results"]),
            # Linked only, so that the page does not change with the times.
            "times": ["timings/times.html"] + ["timings/search.html"] * bool(LABELLED_SETS),
        },
        order=[path.removeprefix("<results>/figures/") for path in FIGURES + IMAGE_FIGURES],
    script:
        "../scripts/build_page.py"


rule build_explorer:
    """The explorer: all sentences with each variant, and images to search, in one page."""
    input:
        translations=run_files("translations/{variant}/{seed}.tsv", seeds=SEEDS[:1]),
        attention=run_files("translations/{variant}/{seed}.attention.npz", seeds=SEEDS[:1]),
        scores=run_files("scores/{variant}/{seed}.tsv", seeds=SEEDS[:1]),
        vocabulary=f"<results>/vocabulary/{SOURCE}.tsv",
        words=rules.build_words.output if LABELLED_SETS else [],
        index=expand("<results>/search/images/{name}", name=INDEX_FILES * bool(LABELLED_SETS)),
        nouns=["<results>/nouns/nouns.tsv"] * bool(LABELLED_SETS),
        archives=expand("<results>/images/{set}.zip", set=ALL_SETS * bool(LABELLED_SETS)),
    output:
        result("explorer.html", "explorer", "Summary", "Explorer", "page"),
    log:
        "<logs>/build_explorer.log",
    conda:
        "../../envs/search.yaml"
    params:
        settings={
            "title": os.path.basename(config["pathvars"]["results"]),
            "split": config["scores"]["split"],
            "source": SOURCE,
            "variants": VARIANTS,
        },
    script:
        "../scripts/build_explorer.py"
