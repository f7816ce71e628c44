# In: locations in the config. Out: resources/files/{resource}, a hard link to the verified file in
# resources/store, which no rule declares as output, so that it survives everything. A checksum in
# the config decides what is stale; without one the locations do, and the bytes of local files,
# including those in resources/manual. On a cluster the login node fetches (localrule), because
# other nodes often have no network. Snakemake does not rerun jobs for params of functions that ask
# for outputs or threads, so an edited location reruns nothing.


rule fetch_resource:
    """One file, from the first of its locations that has the right one."""
    input:
        # Snakemake would read braces as wildcards; the params have a digest of the file.
        lambda wildcards: filter(re.compile(r"[^{}]+$").match, local_files(wildcards)),
    output:
        "resources/files/{resource}",
    log:
        "<logs>/fetch_resource/{resource}.log",
    localrule: True
    conda:
        "../../envs/text.yaml"
    resources:
        runtime=120,
    params:
        settings=resource_identity,
        entry=lambda wildcards, output: config["resources"][wildcards.resource],
        omission=lambda wildcards, output: without_resource(wildcards.resource, config, FILE_KEYS),
    script:
        "../scripts/fetch_resource.py"
