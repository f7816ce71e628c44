# In: picture sets of the config, <results>/nouns/nouns.tsv.
# Out: <results>/pictures: a table per set, shards of it, and all labelled ones with their part;
# <results>/features/{set}/{shard}: what the backbone sees, a row per picture.
# A shard is chosen by a picture's name, so a changed picture is a reason to redo one shard only.


rule shards:
    """All picture sets in shards."""
    input:
        expand("<results>/pictures/shards/{set}/{shard}.tsv", set=ALL_SETS, shard=SHARDS),


rule list_pictures:
    """The pictures of one set, with the nouns that they show."""
    input:
        unpack(picture_set_files),
        nouns="<results>/nouns/nouns.tsv",
    output:
        pictures="<results>/pictures/{set}.tsv",
        left_out="<results>/pictures/{set}.left_out.tsv",
        archive="<results>/pictures/{set}.zip",
    log:
        "<logs>/list_pictures/{set}.log",
    benchmark:
        "<results>/benchmarks/list_pictures/{set}.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=picture_set_block,
    script:
        "../scripts/list_pictures.py"


rule shard_pictures:
    """The pictures of one set in shards."""
    input:
        pictures="<results>/pictures/{set}.tsv",
    output:
        shards=expand("<results>/pictures/shards/{{set}}/{shard}.tsv", shard=SHARDS),
    log:
        "<logs>/shard_pictures/{set}.log",
    benchmark:
        "<results>/benchmarks/shard_pictures/{set}.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    script:
        "../scripts/shard_pictures.py"


rule split_pictures:
    """All labelled pictures with the part that each plays, and the nouns that are held out."""
    input:
        pictures=expand("<results>/pictures/{set}.tsv", set=LABELLED_SETS),
        nouns="<results>/nouns/nouns.tsv",
    output:
        pictures="<results>/pictures/split.tsv",
        nouns="<results>/pictures/nouns.tsv",
    log:
        "<logs>/split_pictures.log",
    benchmark:
        "<results>/benchmarks/split_pictures.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=config["picture_split"],
        order=LABELLED_SETS,
    script:
        "../scripts/split_pictures.py"


rule extract_features:
    """The backbone's features of one shard of a picture set, and the pictures that have none."""
    input:
        pictures="<results>/pictures/shards/{set}/{shard}.tsv",
        archive="<results>/pictures/{set}.zip",
        weights=BACKBONE_WEIGHTS,
    output:
        features="<results>/features/{set}/{shard}.npy",
        logits="<results>/features/{set}/{shard}.logits.npy",
        rows="<results>/features/{set}/{shard}.tsv",
        failed="<results>/features/{set}/{shard}.failed.tsv",
    log:
        "<logs>/extract_features/{set}/{shard}.log",
    benchmark:
        "<results>/benchmarks/extract_features/{set}/{shard}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]["features"]
    resources:
        mem_mb=4000,
        runtime=720,
        gpu=GPUS,
    params:
        settings={
            **{
                key: value
                for key, value in config["features"].items()
                if key not in ("shards", "weights")
            },
            "device": config["device"],
        },
    script:
        "../scripts/extract_features.py"


rule read_classifier:
    """The weight rows of the backbone's own classifier, one per class of ImageNet."""
    input:
        weights=BACKBONE_WEIGHTS,
    output:
        classifier="<results>/features/classifier.npy",
    log:
        "<logs>/read_classifier.log",
    benchmark:
        "<results>/benchmarks/read_classifier.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings={"backbone": config["features"]["backbone"]},
    script:
        "../scripts/read_classifier.py"
