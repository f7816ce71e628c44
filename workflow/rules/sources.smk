# In: places named in the config. Out: resources/files/{resource}, a hard link to verified bytes
# in resources/store, which is never a declared output and so survives everything.


def local_places(wildcards):
    """Return the files of one's own that a resource may come from, so that their edits count."""
    places = config["resources"][wildcards.resource]["places"]
    return [place["local"] for place in places if os.path.exists(place.get("local", ""))]


def resource_block(wildcards):
    """Return the config's entry of one resource."""
    return config["resources"][wildcards.resource]


rule fetch_resource:
    """One file from the first of its places that gives the right bytes."""
    input:
        local_places,
    output:
        "resources/files/{resource}",
    log:
        "<logs>/fetch_resource/{resource}.log",
    benchmark:
        "<results>/benchmarks/fetch_resource/{resource}.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=120,
    params:
        settings=resource_block,
    script:
        "../scripts/fetch_resource.py"
