# In: image sets of the config, <results>/nouns/nouns.tsv.
# Out: <results>/images: a table per set, shards of it, and all labelled ones with their split;
# <results>/features/{set}/{shard}: what the backbone sees, a row per image.
# A shard is chosen by an image's name, so a changed image is a reason to redo one shard only.


rule shards:
    """All image sets in shards."""
    input:
        expand("<results>/images/shards/{set}/{shard}.tsv", set=ALL_SETS, shard=SHARDS),


rule list_images:
    """The images of one set, with the nouns that they show."""
    input:
        unpack(image_set_files),
        nouns="<results>/nouns/nouns.tsv",
    output:
        images="<results>/images/{set}.tsv",
        left_out="<results>/images/{set}.left_out.tsv",
        archive="<results>/images/{set}.zip",
    log:
        "<logs>/list_images/{set}.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings=image_set_block,
    script:
        "../scripts/list_images.py"


rule shard_images:
    """The images of one set in shards."""
    input:
        images="<results>/images/{set}.tsv",
    output:
        shards=expand("<results>/images/shards/{{set}}/{shard}.tsv", shard=SHARDS),
    log:
        "<logs>/shard_images/{set}.log",
    conda:
        "../../envs/text.yaml"
    script:
        "../scripts/shard_images.py"


rule split_images:
    """All labelled images with the split that each plays, and the nouns that are held out."""
    input:
        images=expand("<results>/images/{set}.tsv", set=LABELLED_SETS),
        nouns="<results>/nouns/nouns.tsv",
    output:
        images="<results>/images/split.tsv",
        nouns="<results>/images/nouns.tsv",
    log:
        "<logs>/split_images.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings=config["image_split"],
        order=LABELLED_SETS,
    script:
        "../scripts/split_images.py"


rule extract_features:
    """The backbone's features of one shard of an image set, and the images that have none."""
    input:
        images="<results>/images/shards/{set}/{shard}.tsv",
        archive="<results>/images/{set}.zip",
        weights=BACKBONE_WEIGHTS,
    output:
        features="<results>/features/{set}/{shard}.npy",
        logits="<results>/features/{set}/{shard}.logits.npy",
        rows="<results>/features/{set}/{shard}.tsv",
        failed="<results>/features/{set}/{shard}.failed.tsv",
    log:
        "<logs>/extract_features/{set}/{shard}.log",
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]["features"]
    resources:
        runtime=720,
        gpu=GPUS,
    params:
        settings=EXTRACTION,
    script:
        "../scripts/extract_features.py"


rule tabulate_images:
    """Tables of the image sets (counts of each split, left out) and of nouns with a word vector."""
    input:
        nouns="<results>/nouns/coverage.tsv",
        images=expand("<results>/images/{set}.tsv", set=ALL_SETS),
        left_out=expand("<results>/images/{set}.left_out.tsv", set=ALL_SETS),
        failed=[path[: -len("npy")] + "failed.tsv" for path in ALL_FEATURES],
        split="<results>/images/split.tsv",
    output:
        images=multiext("<results>/tables/images", ".tsv", ".md", ".html"),
        nouns=multiext("<results>/tables/nouns", ".tsv", ".md", ".html"),
    log:
        "<logs>/tabulate_images.log",
    conda:
        "../../envs/text.yaml"
    params:
        order=ALL_SETS,
    script:
        "../scripts/tabulate_images.py"
