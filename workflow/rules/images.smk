# In: WordNet, a list of ImageNet's classes, word vectors, image sets.
# Out: <results>/nouns: all nouns, and the vectors of those that have one; <results>/images: a table
# per set, its shards, and all labelled images with their split; <results>/features/{set}/{shard}:
# the backbone's features, one row per image. The name of an image determines its shard, so a
# changed image reruns one shard only.


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
    """The word vectors of the nouns, and the number of nouns that each kind of lookup covers."""
    input:
        **noun_vectors_files(),
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
        settings={**config["nouns"], "vectors": NOUN_VECTORS},
    script:
        "../scripts/embed_nouns.py"


rule shards:
    """All image sets in shards."""
    input:
        expand("<results>/images/shards/{set}/{shard}.tsv", set=ALL_SETS, shard=SHARDS),


rule list_images:
    """The images of one set, with the nouns that they show."""
    input:
        unpack(lambda wildcards: resource_files(image_set_block(wildcards))),
        nouns="<results>/nouns/nouns.tsv",
    output:
        images="<results>/images/{set}.tsv",
        left_out="<results>/images/{set}.left_out.tsv",
        labels="<results>/images/{set}.labels.tsv",
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
    """All labelled images with their split, and the held-out nouns."""
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
    """The backbone's features of one shard of an image set, and the images that cannot be read."""
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
    """Tables of the image sets (counts, left out), of nouns with a word vector, and of labels."""
    input:
        nouns="<results>/nouns/coverage.tsv",
        images=expand("<results>/images/{set}.tsv", set=ALL_SETS),
        left_out=expand("<results>/images/{set}.left_out.tsv", set=ALL_SETS),
        failed=feature_files("failed.tsv", ALL_SETS),
        split="<results>/images/split.tsv",
        labels=expand("<results>/images/{set}.labels.tsv", set=WORD_SETS),
    output:
        images=table("tables/images", "images", "Images", "Image sets"),
        nouns=table("tables/nouns", "images", "Images", "Nouns"),
        labels=table("tables/labels", "images", "Images", "Labels to check") if WORD_SETS else [],
    log:
        "<logs>/tabulate_images.log",
    conda:
        "../../envs/text.yaml"
    params:
        order=ALL_SETS,
        labelled=WORD_SETS,
    script:
        "../scripts/tabulate_images.py"
