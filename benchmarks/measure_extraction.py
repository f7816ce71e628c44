"""Compare the extraction of features with a plain torchvision loop over the same files.

    python -m benchmarks.measure_extraction FOLDER WEIGHTS [--backbone NAME] [--threads N]

reads every image under FOLDER in separate processes and prints a table (TSV): seconds from the
loaded network to the last feature (the best of --rounds, in turn), images per second, peak memory,
and the mean cosine of the features with those of the plain loop. Files that PIL cannot open are
left out beforehand, because the plain loop fails on them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

COLUMNS = [
    *("method", "images", "threads", "seconds", "images_per_second", "peak_mb"),
    *("times_faster", "cosine"),
]
LOOP_BATCH = 64


def main() -> None:
    """Print the table, or, in a child process, the figures of one method."""
    options = parse_options()
    if options.method:
        print(json.dumps(measure(options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        print("\t".join(COLUMNS))
        for line in compare(options, Path(folder)):
            print(line, flush=True)


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="images, sub-folders included")
    parser.add_argument("weights", type=Path, help="the backbone's weights")
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--batch-size", type=int, default=4, help="of the project (default 4)")
    parser.add_argument("--images", type=int, default=400, help="at most (default 400)")
    parser.add_argument("--rounds", type=int, default=3, help="the best of these counts")
    parser.add_argument("--method", choices=METHODS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Yield the lines of the table, the plain loop first."""
    figures: dict[str, list[dict[str, float]]] = {method: [] for method in METHODS}
    for _ in range(options.rounds):
        for method, results in figures.items():
            command = [sys.executable, __file__, *sys.argv[1:], "--method", method]
            command += ["--out", str(folder / f"{method}.npy")]
            process = subprocess.run(command, check=True, stdout=subprocess.PIPE)
            results.append(json.loads(process.stdout))
    best = {name: min(result["seconds"] for result in figures[name]) for name in METHODS}
    plain = np.load(folder / "loop.npy")
    for method, seconds in best.items():
        features = np.load(folder / f"{method}.npy")
        images, peak = len(features), max(result["peak_mb"] for result in figures[method])
        speed = f"{seconds:.2f}\t{images / seconds:.1f}\t{peak:.0f}"
        difference = f"{best['loop'] / seconds:.2f}\t{cosine(features, plain):.4f}"
        yield f"{method}\t{images}\t{options.threads}\t{speed}\t{difference}"


def cosine(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return the mean cosine of the rows of ``first`` with those of ``second``."""
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return float(np.mean((first * second).sum(axis=1) / lengths))


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Return seconds and peak memory of one method; write its features to a file."""
    files = readable(options.folder)[: options.images]
    method = METHODS[options.method](options)
    method(files[:LOOP_BATCH])  # libraries choose their kernels in the first call
    started = time.perf_counter()
    features = method(files)
    seconds = time.perf_counter() - started
    # Not getrusage: its peak starts from that of the parent process.
    peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
    np.save(options.out, features)
    return {"seconds": seconds, "peak_mb": int(peak) * 1024 / 1e6}


def readable(folder: Path) -> list[Path]:
    """Return the files under ``folder`` that PIL can open, sorted."""
    from PIL import Image

    files = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                Image.open(path).close()
            except OSError:
                continue
            files.append(path)
    if not files:
        raise SystemExit(f"{folder}: no images; name a folder that has some")
    return files


Method = Callable[[list[Path]], NDArray[np.float32]]


def loop(options: argparse.Namespace, workers: int = 0) -> Method:
    """Return the plain loop: torchvision's transforms, torch's DataLoader, unfused batch norms."""
    import torch
    from PIL import Image
    from torch import nn
    from torch.utils.data import DataLoader, Dataset
    from torchvision.transforms import v2

    from wordbridge.images.backbones import load_network

    torch.set_num_threads(options.threads)
    body, _, preprocessing = load_network(options.backbone, options.weights)
    crop = preprocessing.crop
    prepare = v2.Compose(
        [
            v2.Resize(crop.short_side, v2.InterpolationMode(crop.interpolation)),
            v2.CenterCrop(crop.side),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(preprocessing.mean, preprocessing.std),
        ]
    )

    class Files(Dataset[torch.Tensor]):
        def __init__(self, files: list[Path]):
            self.files = files

        def __len__(self) -> int:
            return len(self.files)

        def __getitem__(self, number: int) -> torch.Tensor:
            image: torch.Tensor = prepare(Image.open(self.files[number]).convert("RGB"))
            return image

    def features(files: list[Path]) -> NDArray[np.float32]:
        loader = DataLoader(Files(files), batch_size=LOOP_BATCH, num_workers=workers)
        pools = [nn.AdaptiveMaxPool2d(1), nn.AdaptiveAvgPool2d(1)]
        with torch.inference_mode():
            maps = (body(batch) for batch in loader)
            rows = [torch.cat([p(m) for p in pools], 1).flatten(1) for m in maps]
        return torch.cat(rows).numpy()

    return features


def loader(options: argparse.Namespace) -> Method:
    """Return the plain loop with a decoding process per thread."""
    return loop(options, options.threads)


def wordbridge(options: argparse.Namespace) -> Method:
    """Return the project's extraction."""
    import torch

    from wordbridge.images.backbones import load_backbone
    from wordbridge.images.features import extract_features
    from wordbridge.images.table import ImageRow, read_bytes

    backbone, cpu = load_backbone(options.backbone, options.weights), torch.device("cpu")
    settings = {"pooling": "concatenated", "precision": "float32"}
    settings |= {"batch_size": options.batch_size, "threads": options.threads}

    def features(files: list[Path]) -> NDArray[np.float32]:
        empty = ("", "photo", "", "", "", "")
        images = [ImageRow("", str(path), *empty, str(path), "") for path in files]
        shard = extract_features(images, read_bytes, backbone, settings, cpu)
        rows: NDArray[np.float32] = shard.features
        return rows

    return features


METHODS: dict[str, Callable[[argparse.Namespace], Method]] = {
    "loop": loop,
    "loader": loader,
    "wordbridge": wordbridge,
}


if __name__ == "__main__":
    main()
