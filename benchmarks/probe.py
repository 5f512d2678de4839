"""How good a trained probe is, by prompts and sources that it never saw: ``python benchmarks/probe.py LABELS.jsonl``.

Each line of the file is an object with prompt, response, label (safe or unsafe) and source. ``--embedder hash,minilm``,
``--method``, ``--pair`` and ``--without SOURCE`` choose what is measured; nothing is written.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

from astral.calibration.labels import LabelledRow, read_labels
from astral.calibration.training import train, training_lines, write_probe
from astral.embeddings.hashing import HashEmbedder
from astral.embeddings.minilm import MiniLM
from astral.oracles.probe import ProbeOracle
from astral.oracles.probe_file import METHODS, Probe, read_probe
from astral.oracles.probe_pairs import PAIRS
from astral.protocols import Embedder

EMBEDDERS: dict[str, Callable[[], Embedder]] = {"hash": HashEmbedder, "minilm": MiniLM}
TIMED = 300
"""Answers that are judged for the throughput: the first ones of the file."""


class Kept:
    """An embedder that remembers: the same texts are asked about again for each method and pair."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self.id = embedder, embedder.id
        self._seen: dict[str, list[float]] = {}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        new = [text for text in dict.fromkeys(texts) if text not in self._seen]
        self._seen.update(zip(new, self._embedder.embed_documents(new), strict=True))
        return [self._seen[text] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


async def throughput(probe: Probe, embedder: Embedder, rows: list[LabelledRow]) -> float:
    """Answers a second, judged one after the other as a run's oracle does."""
    oracle = ProbeOracle("probe", probe, embedder, local=True, safe_below=0.5, unsafe_from=0.5)
    started = time.perf_counter()
    for row in rows:
        await oracle.judge(row.case(), row.answer())
    return len(rows) / (time.perf_counter() - started)


def main() -> None:
    """Print the figures of every combination."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--embedder", default="hash")
    parser.add_argument("--method", default=",".join(METHODS))
    parser.add_argument("--pair", default=",".join(PAIRS))
    parser.add_argument("--without", action="append", default=[], help="a source to leave out altogether")
    args = parser.parse_args()
    rows = [row for row in read_labels(args.labels) if row.source not in args.without]
    for name in args.embedder.split(","):
        bare = EMBEDDERS[name]()
        kept = Kept(bare)
        for method, pair in product(args.method.split(","), args.pair.split(",")):
            probe = train(rows, kept, method, pair=pair, setting=name)
            print("\n".join(training_lines(probe)))
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "probe.json"
                write_probe(probe, path)
                size, probe = path.stat().st_size, read_probe(path)
            speed = asyncio.run(throughput(probe, bare, rows[:TIMED]))
            print(f"{speed:,.0f} answers/s; file {size / 1e3:.0f} kB\n", flush=True)


if __name__ == "__main__":
    main()
