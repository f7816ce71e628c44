"""What to set in the configuration to do without a file that cannot be had here."""

from collections.abc import Collection, Mapping
from typing import Any

import yaml

from workflow.image_relations import BILINGUAL, HELD_OUT

Block = Mapping[str, Any]


def omitting(resource: str, config: Block, keys: Collection[str]) -> str:
    """Return the settings, on one line, with which no job asks for a resource; "" if none do.

    ``keys`` are those of a block that name resources. Nothing stands in for the text and the
    vectors of the translators; of the image side single sets may be left out, or all of it.
    """

    def asks(block: Block) -> bool:
        return resource in (block.get(key) for key in keys)

    vectors, sets, run = config["vectors"], config["image_sets"], config["run"]
    spoken = [vectors[config["embeddings"][language]] for language in ("fr", "en")]
    if any(map(asks, [config["corpora"][config["corpus"]], *spoken])):
        return ""
    nouns = [config["wordnet"], vectors.get(config["nouns"]["vectors"], {})]
    left = {
        kind: [name for name in run[kind] if not asks(sets[name])] for kind in ("images", "albums")
    }
    all_need = any(map(asks, nouns)) or resource == config["features"]["weights"]
    if all_need or not left["images"]:
        left = {"images": [], "albums": []}  # nothing learns to search albums alone
    lists = {kind: names for kind, names in left.items() if names != run[kind]}
    settings: dict[str, Any] = {"run": lists} if lists else {}
    if held := _held_out(config["image_split"], left["images"]):
        settings["image_split"] = held
    french = vectors.get(config["search"]["french_vectors"])
    named = any(sets[name]["kind"] in BILINGUAL for name in left["images"])
    if french and left["images"] and (asks(french) or not named):
        settings["search"] = {"french_vectors": None}
    return ", ".join(f"{name}: {_inline(block)}" for name, block in settings.items())


def _held_out(split: Block, images: Collection[str]) -> dict[str, list[str]]:
    """Return the lists of held-out sets without those that are not among ``images`` any more."""
    if not images:
        return {}
    left = {key: [name for name in split[key] if name in images] for key in HELD_OUT}
    return {key: names for key, names in left.items() if names != split[key]}


def _inline(block: Block) -> str:
    return yaml.safe_dump(block, default_flow_style=True, width=10**6, sort_keys=False).strip()
