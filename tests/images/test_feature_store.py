import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wordbridge.errors import InputError
from wordbridge.images.feature_store import FeatureStore, Row, Shard, write_shard

WIDTH, CLASSES = 5, 3


def shard(start: int, count: int, width: int = WIDTH, kind: type = np.float32) -> Shard:
    numbers = np.arange(start, start + count)
    return Shard(
        [Row("own", f"a/{number} é.jpg", f"s{number}") for number in numbers],
        (numbers[:, None] * 10 + np.arange(width)).astype(kind),
        (numbers[:, None] * 100 + np.arange(CLASSES)).astype(np.float16),
        [(f"broken{start}.jpg", "the file is empty")],
    )


def written(folder: Path, *shards: Shard) -> list[Path]:
    paths = [folder / f"{number}.npy" for number in range(len(shards))]
    for path, each in zip(paths, shards, strict=True):
        write_shard(each, path, path.with_suffix(".logits.npy"))
    return paths


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_shards_are_one_table_in_the_given_order(tmp_path: Path, kind: type):
    shards = [shard(0, 4, kind=kind), shard(4, 0, kind=kind), shard(4, 2, kind=kind)]
    store = FeatureStore(written(tmp_path, *shards))
    assert (len(store), store.width) == (6, WIDTH)
    assert store.images[4] == ("own", "a/4 é.jpg")
    assert "\ts5\n" in (tmp_path / "2.tsv").read_text(encoding="utf-8")
    rows = np.array([5, 0, 4, 0])
    features = store.features(rows)
    assert features.dtype == np.float32
    assert np.array_equal(features, rows[:, None] * 10 + np.arange(WIDTH))
    assert np.array_equal(store.logits(rows), rows[:, None] * 100 + np.arange(CLASSES))
    assert store.features(np.array([], int)).shape == (0, WIDTH)


def test_equal_shards_give_equal_bytes_and_failures_are_kept(tmp_path: Path):
    first, second = written(tmp_path, shard(1, 3), shard(1, 3))
    for ending in (".npy", ".tsv", ".failed.tsv", ".logits.npy"):
        assert first.with_suffix(ending).read_bytes() == second.with_suffix(ending).read_bytes()
    failed = (tmp_path / "0.failed.tsv").read_text(encoding="utf-8")
    assert failed == "image\treason\nbroken1.jpg\tthe file is empty\n"


@pytest.mark.parametrize(
    ("ending", "content", "reason"),
    [
        (".npy", b"", "no features can be read"),
        (".npy", None, "no features can be read"),
        (".tsv", b"set\timage\tstamp\n", "expected 0 rows"),
        (".tsv", b"set\timage\n", "expected the columns set, image, stamp"),
        (".tsv", b"", "expected the columns set, image, stamp"),
        (".tsv", None, "no table can be read"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, ending: str, content: bytes | None, reason: str):
    paths = written(tmp_path, shard(0, 2))
    damaged = paths[0].with_suffix(ending)
    damaged.unlink()
    if content is not None:
        damaged.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        FeatureStore(paths)


def test_no_shards_are_an_error() -> None:
    with pytest.raises(InputError, match=r"at least one shard, got none; check run\.images"):
        FeatureStore([])


def test_jobs_that_read_features_need_no_torch() -> None:
    modules = "wordbridge.images.feature_store, wordbridge.devise.predictions"
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; import {modules}; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
