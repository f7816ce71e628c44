"""Measure the extraction of features beside a plain torchvision loop over the same files.

    python -m benchmarks.measure_extraction FOLDER WEIGHTS [--backbone NAME] [--threads N]

reads every image under FOLDER in processes of their own and prints a table (TSV): seconds from
the ready network to the last feature (the best of --rounds, taken in turn), images per second,
peak memory, and how near the features are to the plain loop's (mean cosine). Images that PIL
cannot open are left out beforehand, since a plain loop ends at them.
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
    *("way", "images", "threads", "seconds", "images_per_second", "peak_mb"),
    *("times_faster", "cosine"),
]
LOOP_BATCH = 64


def main() -> None:
    """Print the table, or, in a process of its own, the figures of one way."""
    options = parse_options()
    if options.way:
        print(json.dumps(measured(options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        print("\t".join(COLUMNS))
        for line in compared(options, Path(folder)):
            print(line, flush=True)


def parse_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="images, sub-folders included")
    parser.add_argument("weights", type=Path, help="the backbone's weights")
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--batch-size", type=int, default=4, help="of the project (default 4)")
    parser.add_argument("--images", type=int, default=400, help="at most so many (default 400)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best counts")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def compared(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Yield the lines of the table, the plain loop first."""
    rounds: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(options.rounds):
        for way, taken in rounds.items():
            command = [sys.executable, __file__, *sys.argv[1:], "--way", way]
            command += ["--out", str(folder / f"{way}.npy")]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
            taken.append(json.loads(done.stdout))
    best = {way: min(figures["seconds"] for figures in taken) for way, taken in rounds.items()}
    plain = np.load(folder / "loop.npy")
    for way, seconds in best.items():
        made = np.load(folder / f"{way}.npy")
        peak = max(figures["peak_mb"] for figures in rounds[way])
        figures = f"{seconds:.2f}\t{len(made) / seconds:.1f}\t{peak:.0f}"
        against = f"{best['loop'] / seconds:.2f}\t{cosine(made, plain):.4f}"
        yield f"{way}\t{len(made)}\t{options.threads}\t{figures}\t{against}"


def cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the mean cosine between the rows of two tables of features."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(np.mean((one * other).sum(axis=1) / lengths))


def measured(options: argparse.Namespace) -> dict[str, float]:
    """Return seconds and peak memory of one way; its features are left in a file."""
    files = readable(options.folder)[: options.images]
    make = WAYS[options.way](options)
    make(files[:LOOP_BATCH])  # libraries choose their kernels the first time
    started = time.perf_counter()
    features = make(files)
    seconds = time.perf_counter() - started
    # Not getrusage: its peak begins with that of the process that started this one.
    peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
    np.save(options.out, features)
    return {"seconds": seconds, "peak_mb": int(peak) * 1024 / 1e6}


def readable(folder: Path) -> list[Path]:
    """Return the files under ``folder`` that PIL knows, sorted."""
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


Way = Callable[[list[Path]], NDArray[np.float32]]


def loop(options: argparse.Namespace, workers: int = 0) -> Way:
    """Return the plain way: torchvision's transforms, its loader, the network as it was built."""
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
            made: torch.Tensor = prepare(Image.open(self.files[number]).convert("RGB"))
            return made

    def make(files: list[Path]) -> NDArray[np.float32]:
        loader = DataLoader(Files(files), batch_size=LOOP_BATCH, num_workers=workers)
        pools = [nn.AdaptiveMaxPool2d(1), nn.AdaptiveAvgPool2d(1)]
        with torch.inference_mode():
            maps = (body(batch) for batch in loader)
            rows = [torch.cat([p(m) for p in pools], 1).flatten(1) for m in maps]
        return torch.cat(rows).numpy()

    return make


def loader(options: argparse.Namespace) -> Way:
    """Return the plain way with decoding in as many worker processes as there are threads."""
    return loop(options, options.threads)


def wordbridge(options: argparse.Namespace) -> Way:
    """Return the project's way."""
    import torch

    from wordbridge.images.backbones import load_backbone
    from wordbridge.images.features import ExtractionSettings, extract
    from wordbridge.images.table import ImageRow, read_bytes

    backbone = load_backbone(options.backbone, options.weights)
    settings = ExtractionSettings(
        torch.device("cpu"), "concatenated", "float32", options.batch_size, options.threads
    )

    def make(files: list[Path]) -> NDArray[np.float32]:
        rest = ("", "photo", "", "", "", "")
        images = [ImageRow("", str(path), *rest, str(path), "") for path in files]
        features: NDArray[np.float32] = extract(images, read_bytes, backbone, settings).features
        return features

    return make


WAYS: dict[str, Callable[[argparse.Namespace], Way]] = {
    "loop": loop,
    "loader": loader,
    "wordbridge": wordbridge,
}


if __name__ == "__main__":
    main()
