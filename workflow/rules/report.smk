# In: every table and figure of the run. Out: <results>/index.html, one page that shows them all.

# Folders of steps that this configuration does not ask for.
ABSENT_FOLDERS = [
    folder
    for folder, made in {
        "auxiliary": config["auxiliary"]["use"],
        "subwords": PIECES,
        "vectors": any(
            config["vectors"][config["embeddings"][language]]["kind"] == "trained"
            for language in LANGUAGES
        ),
        "range_test": config["range_test"]["variants"]
        or (LABELLED_SETS and config["range_test"]["heads"]),
    }.items()
    if not made
]


rule translation:
    """All tables and figures of the translation side."""
    input:
        TABLES,
        FIGURES,
        "<results>/timings/times.html",
        "<results>/usage.json",


rule build_page:
    """The summary page: every table and figure of the run, and what stands in which folder."""
    input:
        tables=TABLES + FRENCH_TABLES + IMAGE_TABLES,
        figures=FIGURES + IMAGE_FIGURES,
    output:
        "<results>/index.html",
    log:
        "<logs>/build_page.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "title": os.path.basename(config["pathvars"]["results"]),
            "absent": ABSENT_FOLDERS,
        },
        order=[os.path.basename(path) for path in FIGURES + IMAGE_FIGURES],
    script:
        "../scripts/build_page.py"
