# In: locations in the config. Out: resources/files/{resource}, a hard link to the verified file in
# resources/store, which no rule declares as output, so that it survives everything. A checksum in
# the config decides what is stale; without one the locations do, and the bytes of local files,
# including those in resources/manual. On a cluster the login node fetches (localrule), because
# other nodes often have no network.

import hashlib
from urllib.parse import unquote, urlsplit

from workflow.relations import without_resource


def resource_entry(wildcards, output):
    """Return the config's entry of one resource.

    Snakemake does not rerun jobs for params of functions that ask for outputs or threads.
    """
    return config["resources"][wildcards.resource]


def resource_omission(wildcards, output):
    """Return the settings that avoid one resource; see ``resource_entry``."""
    return without_resource(wildcards.resource, config, FILE_KEYS)


def resource_identity(wildcards):
    """Return what determines the bytes of a resource: its checksum, or else its locations."""
    block = config["resources"][wildcards.resource]
    if block["sha256"]:
        return {"sha256": block["sha256"]}
    # Snakemake does not notice a file that an older one replaces.
    own = [file_digest(path) for path in local_files(wildcards)]
    return {"locations": block["locations"], "size": block["size"], "own": own}


def local_files(wildcards):
    """Return the local files of a resource without a checksum, whose edits rerun jobs."""
    block = config["resources"][wildcards.resource]
    if block["sha256"]:
        return []
    addresses = [location.get("url", "") for location in block["locations"]]
    paths = [
        f"resources/manual/{wildcards.resource}",
        *[location.get("local", "") for location in block["locations"]],
        *[unquote(urlsplit(url).path) for url in addresses if url.startswith("file:")],
    ]
    return list(filter(os.path.isfile, paths))


def file_digest(path):
    """Return a digest of a file's bytes, or of its size and time if it is large."""
    stat = os.stat(path)
    if stat.st_size > LARGE:
        return f"{stat.st_size} {stat.st_mtime_ns}"
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


rule fetch_resource:
    """One file, from the first of its locations that has the right one."""
    input:
        local_files,
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
