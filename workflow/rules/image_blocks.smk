# The same for the jobs of the image side.

from functools import cache

from workflow.folders import folder_digest

# Once in each reading of the Snakefile, however many jobs and sets ask.
found_in = cache(folder_digest)


def image_set_block(wildcards):
    """Return the config's entry of an image set, and for a folder what lies in it now.

    Snakemake itself would see neither an image that is added in a folder below, nor a change
    of one.
    """
    block = config["image_sets"][wildcards.set]
    if not block.get("folder"):
        return block
    # A table may name files of any ending.
    return {**block, "found": found_in(block["folder"], block["kind"] == "table")}


def image_set_files(wildcards):
    """Return the fetched files that an image set is made of."""
    return resource_files(config["image_sets"][wildcards.set])


def head_block(wildcards):
    """Return all that the training of one head depends on beside its inputs and its seed."""
    block = without(config["methods"][wildcards.method], "training", ["checkpoint_seconds"])
    return {
        # The backbone's classifier speaks beside a head that is trained.
        "variant": {key: value for key, value in block.items() if key != "classifier"},
        "device": config["device"],
        "threads": config["threads"]["training"],
    }


def classifier_block(wildcards):
    """Return how the backbone's classifier speaks beside a head."""
    return config["methods"][wildcards.method]["classifier"]


def head_checkpoint_seconds(wildcards, threads):
    """Return how often the training of a head saves its state; see ``resource_entry``."""
    return config["methods"][wildcards.method]["training"]["checkpoint_seconds"]


def head_learning_rate_block(wildcards):
    """Return the same for the range test of a head, with its own settings."""
    bounds = {key: config["range_test"][key] for key in ("lowest", "highest", "steps")}
    block = head_block(wildcards)
    tested = range_tested(block["variant"])
    return {**block, "variant": tested, "range_test": bounds, "seed": SEEDS[0]}


def baseline_block(wildcards):
    """Return the settings of a method that is fitted at once."""
    return {"variant": config["methods"][wildcards.method], "threads": 1}


def predicted_sets(wildcards):
    """Return the image sets that a method predicts, in the order of its rows."""
    return ALL_SETS if wildcards.predictions == "all_predictions" else LABELLED_SETS


def predicted_files(wildcards):
    """Return the features that a method predicts from: for the index those of albums as well."""
    indexed = wildcards.predictions == "all_predictions"
    return {
        "features": ALL_FEATURES if indexed else FEATURES,
        "logits": ALL_LOGITS if indexed else LOGITS,
        "rows": ALL_ROWS if indexed else ROWS,
    }


def index_files(wildcards):
    """Return what an index of images is made of beside the nouns."""
    if wildcards.index != "images":
        return {}
    folder = f"<results>/devise/{SEARCH_METHOD}/{SEEDS[0]}"
    predictions = "all_predictions" if config["run"]["albums"] else "predictions"
    return {
        "images": ["<results>/images/split.tsv"]
        + expand("<results>/images/{set}.tsv", set=config["run"]["albums"]),
        "features": ALL_ROWS,
        "predictions": f"{folder}/{predictions}.npy",
        "description": f"{folder}/{predictions}.json",
        "model": [f"{folder}/model.safetensors", f"{folder}/settings.json"],
    }


def index_sets(wildcards):
    """Return the image sets in an index, in the order of its rows."""
    return ALL_SETS if wildcards.index == "images" else []


def index_block(wildcards):
    """Return which index is built, and how."""
    made = {"method": SEARCH_METHOD, "seed": SEEDS[0]} if wildcards.index == "images" else {}
    return {"index": wildcards.index, "graph": config["search"]["graph"], **made}


def example_block(wildcards):
    """Return the settings of one of the example searches."""
    return config["search"]["examples"][wildcards.example]


def example_index(wildcards):
    """Return the index that an example searches."""
    return f"<results>/search/{example_block(wildcards)['index']}/index.json"
