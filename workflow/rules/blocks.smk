# Which part of the config and which files each job of the translation side reads, and any job that
# reads fetched files or vectors. In: the checked config, the names of common.smk. Out: functions.

import hashlib
from urllib.parse import unquote, urlsplit

from workflow.relations import without_resource


def resource_files(block):
    """Return the fetched files that a block of the config names."""
    named = {key: block[key] for key in FILE_KEYS if block.get(key)}
    return {key: f"resources/files/{name}" for key, name in named.items()}


def resource_entry(wildcards, output):
    """Return the config's entry of one resource.

    What a function makes that asks for outputs or threads is no reason to run a job again.
    """
    return config["resources"][wildcards.resource]


def resource_omission(wildcards, output):
    """Return the settings that do without one resource; see ``resource_entry``."""
    return without_resource(wildcards.resource, config, FILE_KEYS)


def resource_identity(wildcards):
    """Return what decides which bytes a resource has: its checksum, or else where they are from."""
    block = config["resources"][wildcards.resource]
    if block["sha256"]:
        return {"sha256": block["sha256"]}
    # Snakemake would not see that an older file took the place of another.
    own = [file_digest(path) for path in own_files(wildcards)]
    return {"locations": block["locations"], "size": block["size"], "own": own}


def own_files(wildcards):
    """Return the files of one's own that a resource may come from, so that their edits count.

    A checksum says which bytes are meant, whatever lies in these files now.
    """
    block = config["resources"][wildcards.resource]
    if block["sha256"]:
        return []
    addresses = [place.get("url", "") for place in block["locations"]]
    paths = [
        f"resources/manual/{wildcards.resource}",
        *[place.get("local", "") for place in block["locations"]],
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


def language_block(language):
    """Return the config's entry of the vectors that a language uses."""
    return config["vectors"][config["embeddings"][language]]


def vectors_block(wildcards):
    """Return ``language_block`` of the language that a file is asked for in."""
    return language_block(wildcards.language)


def language_vectors(language):
    """Return the files that a language's vectors are read from."""
    block = language_block(language)
    if block["kind"] == "trained":
        return {"bin": f"<results>/vectors/{language}.bin"}
    return resource_files(block)


def vectors_files(wildcards):
    """Return ``language_vectors`` of the language that a file is asked for in."""
    return language_vectors(wildcards.language)


def both_vectors_files(wildcards):
    """Return ``language_vectors`` of both languages, named fr_... and en_..."""
    return {
        f"{language}_{name}": path
        for language in LANGUAGES
        for name, path in language_vectors(language).items()
    }


def embedding_block(wildcards):
    """Return how a language's vectors become its embedding, and of what kind they are."""
    own = {key: config["embeddings"][key] for key in ("scale", "seed", "fallbacks")}
    return {**own, "vectors": vectors_kind(vectors_block(wildcards))}


def without(block, part, keys):
    """Return a block of the config without some keys of one of its parts."""
    kept = {key: value for key, value in block[part].items() if key not in keys}
    return {**block, part: kept}


def training_block(wildcards):
    """Return all that a training of one variant depends on beside its inputs and its seed."""
    return {
        "variant": without(
            config["variants"][wildcards.variant], "training", ["checkpoint_seconds"]
        ),
        "device": config["device"],
        "threads": config["threads"]["training"],
    }


def variant_checkpoint_seconds(wildcards, threads):
    """Return how often the training of a variant saves its state; see ``resource_entry``."""
    return config["variants"][wildcards.variant]["training"]["checkpoint_seconds"]


def range_tested(block):
    """Return a block of the config as a range test needs it."""
    training = {
        key: RANGE_TEST_TRAINING.get(key, value) for key, value in block["training"].items()
    }
    return {**block, "schedule": RANGE_TEST_SCHEDULE, "training": training}


def range_test_block(wildcards):
    """Return the same for the range test, with its own settings."""
    bounds = {key: config["range_test"][key] for key in ("lowest", "highest")}
    block = training_block(wildcards)
    tested = range_tested(block["variant"])
    return {**block, "variant": tested, "range_test": bounds, "seed": SEEDS[0]}


def range_test_table(wildcards):
    """Return the table that a figure of a range test is drawn from."""
    folder = {"learning": "range_test", "head_learning": "range_test/heads"}[wildcards.kind]
    return f"<results>/{folder}/{{name}}.tsv"


def schedule_block(name):
    """Return what the learning rate of a variant depends on."""
    block = config["variants"][name]
    keys = ("epochs", "batch_size", "learning_rate", "auxiliary_pairs", "auxiliary_epochs")
    return {
        "schedule": block["schedule"],
        "training": {key: block["training"][key] for key in keys},
    }


def vectors_kind(block):
    """Return what a block of vectors says beside the files that it names."""
    return {key: block[key] for key in ("kind", "dim", "unit_length") if key in block}
