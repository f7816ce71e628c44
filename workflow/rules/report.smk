# In: every table and figure of the run. Out: <results>/index.html, one page that shows them all.


rule build_page:
    """The summary page: what came out of the run, and every table and figure."""
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
