"""Tests of tuning: what learns, from which images, and that it repeats and continues."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.devise.test_training import Killed, killed_after
from tests.devise.tuning_toys import CHANNELS, SIDE, backbone, block, read, sources
from wordbridge.devise import frozen_maps
from wordbridge.devise.frozen_maps import PART
from wordbridge.devise.model_file import write_fitted
from wordbridge.devise.training import Trained
from wordbridge.devise.tuned_backbone import cut_before, tuned_backbone
from wordbridge.devise.tuning import Tuning
from wordbridge.devise.tuning_job import blocks_of, prepare_tuning, tune
from wordbridge.errors import InputError
from wordbridge.images.backbones import Backbone, pooled
from wordbridge.images.table import ImageRow

SOURCES = sources()
STEPS = 4  # of an epoch: 57 images, 16 at a time


def prepared(settings: dict[str, Any], state: Path | None = None, **of: Any) -> Tuning:
    return prepare_tuning(settings, SOURCES, read, of.get("network") or backbone(), state, 1e-9)


def run(settings: dict[str, Any], state: Path | None = None) -> tuple[bytes, list[Any]]:
    """Return the chosen weights as bytes, and the rows of the epochs."""
    one = prepared(settings, state)
    weights = one.run()
    content = b"".join(weights[name].numpy().tobytes() for name in sorted(weights))
    return content, one.standing.epochs


def numbers_of(network: nn.Module) -> dict[str, bytes]:
    return {name: t.numpy().tobytes() for name, t in network.state_dict().items()}


@pytest.mark.parametrize("blocks", [1, 2])
def test_exactly_the_last_blocks_learn_and_their_statistics_stay(blocks: int):
    network = backbone()
    before, start = numbers_of(network), cut_before(network.body, blocks)[1].state_dict()
    one = prepared(block(blocks=blocks), network=network)
    tuned = blocks_of(one.run())
    assert numbers_of(network) == before
    assert sorted(tuned) == sorted(start)
    fixed = {name for name, value in tuned.items() if torch.equal(value, start[name])}
    assert {name for name in start if "running" in name or "num_batches" in name} == fixed


def test_the_gradient_reaches_every_number_of_the_blocks_and_the_map():
    one = prepared(block(blocks=2))
    one.head.train()
    one.step(np.arange(16), 0.001, None)
    learned = dict(one.head.named_parameters())
    assert all(value.grad is not None and value.grad.any() for value in learned.values())
    assert len(learned) == 2 * 4 + 4  # of blocks, of the map with its norm


def test_before_the_first_step_blocks_and_map_do_what_the_features_did():
    one = prepared(block(augment=False))
    one.head.eval()
    points = np.arange(0, 57, 5)
    said = one.head(one.train_points.batch(points).features)
    features = torch.from_numpy(SOURCES.store.features(one.train_points.rows[points]))
    torch.testing.assert_close(said, one.head.layers(features))


def test_the_same_seed_gives_the_same_bytes_and_another_one_others():
    first, second, other = run(block()), run(block()), run(block(seed=6))
    assert first == second
    assert first[0] != other[0]


# The map alone saves after each step and epoch and at the end, and so does what follows.
ALONE = 2 * STEPS + 2 + 1


@pytest.mark.parametrize("saves", [2, ALONE, ALONE + 1, ALONE + STEPS + 3, 2 * ALONE])
def test_a_tuning_killed_after_any_save_ends_with_the_same_bytes(saves: int, tmp_path: Path):
    state, whole = tmp_path / "state.safetensors", run(block())
    with killed_after(saves), pytest.raises(Killed):
        run(block(), state)
    torch.rand(saves)  # a new process has other random numbers behind it
    assert run(block(), state) == whole


def test_each_epoch_sees_other_views_of_the_images_that_are_trained_on_alone():
    one = prepared(block())
    indices = np.arange(4)
    middles = one.fit.store.features(one.train_points.rows[indices])
    seen = []
    for number in (0, 1, 2, 1):
        one.maps.number = number
        seen.append(one.train_points.batch(indices).features.numpy())
    assert np.array_equal(seen[0], middles)
    assert np.array_equal(seen[1], seen[3])
    assert not np.isclose(seen[0], seen[1]).all(axis=1).any()
    assert not np.isclose(seen[1], seen[2]).all(axis=1).any()
    one.run()
    assert one.maps.number == 2  # that of the last epoch
    for points in (one.fit, one.valid):
        assert points.store.views is None
        assert points.store.number == 0


def test_maps_of_middles_are_kept_while_there_is_room_and_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
):
    asked: list[str] = []

    def noted(image: ImageRow) -> bytes:
        asked.append(image.image)
        return read(image)

    one = prepare_tuning(block(), SOURCES, noted, backbone(), None)
    rows = np.array([40, 3, 7, 3])
    maps = one.valid.store
    first, again = maps.features(rows), maps.features(rows[::-1])[::-1]
    assert np.array_equal(first, again)
    assert asked == ["040", "003", "007", "003"]
    monkeypatch.setattr(frozen_maps, "ROOM", 0)
    one.maps.number = 0
    assert np.array_equal(one.maps.features(rows[1:2]), first[1:2])
    assert np.array_equal(one.maps.features(rows[:3]), first[:3])
    assert asked[4:] == ["003", "040", "003", "007"]


def test_without_augmentation_all_epochs_see_the_middles():
    one = prepared(block(augment=False))
    before = one.train_points.batch(np.arange(4)).features
    one.maps.number = 3
    assert torch.equal(one.train_points.batch(np.arange(4)).features, before)


def test_only_images_of_the_train_part_are_learned_from():
    part_of = {image.image: image.part for image in SOURCES.images}
    asked: list[str] = []

    def noted(image: ImageRow) -> bytes:
        asked.append(part_of[image.image])
        return read(image)

    one = prepare_tuning(block(), SOURCES, noted, backbone(), None)
    one._close_epoch = lambda: None  # type: ignore[method-assign]
    one._epoch()
    assert set(asked) == {"train"}
    assert len(asked) == len(one.train_points)


def test_tuning_learns_the_nouns():
    settings = block(blocks=2, epochs=12, learning_rate=0.02, augment=False)
    one = prepared(settings)
    one.run()
    rows = one.standing.epochs
    assert rows[-1]["train_loss"] < 0.8 * rows[0]["train_loss"]
    assert rows[one.standing.best_epoch]["valid_loss"] < rows[0]["valid_loss"]


@pytest.mark.parametrize("pooling", ["average", "concatenated"])
def test_what_is_looked_at_in_parts_is_the_same(pooling: str):
    features = {"average": CHANNELS, "concatenated": 2 * CHANNELS}[pooling]
    one = prepared(block())
    head = one.head
    head.pooling, maps = pooling, torch.randn(2 * PART + 3, one.maps.width)
    whole = pooled(head.blocks(maps.view(-1, *head.shape)), pooling)
    head.layers = nn.Identity()
    head.eval()
    torch.testing.assert_close(head(maps), whole)
    assert whole.shape == (2 * PART + 3, features)


def tuned(folder: Path, settings: dict[str, Any], network: Backbone | None = None) -> Trained:
    inputs, code = [folder / "input"], {"modules": {}}
    inputs[0].write_text("input")
    return tune(settings, SOURCES, read, network or backbone(), inputs, folder / "states", code)


def test_a_job_gives_blocks_that_the_backbone_takes_and_says_what_was_before(tmp_path: Path):
    made = tuned(tmp_path, block(blocks=2))
    files = [tmp_path / "model.safetensors", tmp_path / "settings.json"]
    write_fitted(made, *files)
    network = tuned_backbone(backbone(), files)
    images = torch.randint(256, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    assert not torch.equal(network(images)[0], backbone()(images)[0])
    assert (made.description["points"], made.description["epochs"]) == (57, 2)
    assert made.description["before"].keys() == {"valid_loss", "valid_hit5"}
    assert [row["epoch"] for row in made.epochs] == [1, 2]
    # The states are kept until Snakemake has recorded the outputs.
    assert len(list((tmp_path / "states").glob("*.safetensors"))) == 2
    assert tuned(tmp_path, block(blocks=2)).description == made.description


def test_a_image_that_has_changed_since_its_features_were_made_is_named():
    def broken(image: ImageRow) -> bytes:
        return b"" if image.image == "021" else read(image)

    with pytest.raises(InputError, match=r"image 021 of toys: .* got another \(the file is empty"):
        prepare_tuning(block(), SOURCES, broken, backbone(), None).run()
