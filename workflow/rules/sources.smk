# In: locations named in the config. Out: resources/files/{resource}, a hard link to verified bytes
# in resources/store, which is never a declared output and so survives everything. A checksum in
# the config decides what is stale; without one the locations do, and the bytes of one's own files,
# those in resources/manual among them. On a cluster the login node fetches (localrule), since
# other nodes often have no way out.


rule fetch_resource:
    """One file from the first of its locations that gives the right bytes."""
    input:
        own_files,
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
        entry=resource_entry,
        omission=resource_omission,
    script:
        "../scripts/fetch_resource.py"
