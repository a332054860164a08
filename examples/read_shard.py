"""Reads a dataset directory with h5py alone: journeys, action counts and metric sums.

Usage: python3 examples/read_shard.py DATASET
Verifies each file by its hash where the package xxhash is installed, else by its size.
"""
import json
import pathlib
import sys

import h5py
import numpy

try:
    import xxhash
except ImportError:
    xxhash = None


def main(directory):
    manifest = json.loads((directory / "manifest.json").read_text())
    names = [action["name"] for action in manifest["schema"]["catalogue"]["actions"]]
    metrics = manifest["schema"]["metrics"]
    journeys, rows = set(), 0
    taken, sums = numpy.zeros(len(names), int), numpy.zeros(len(metrics))
    for file in (f for generation in manifest["generations"] for f in generation["files"]):
        data = (directory / file["name"]).read_bytes()
        if len(data) != file["bytes"] or xxhash and xxhash.xxh3_64_hexdigest(data) != file["xxh3"]:
            sys.exit(f"{file['name']}: the file is damaged")
        with h5py.File(directory / file["name"], "r") as shard:
            journeys.update(shard["journey_ids"][:].tolist())
            taken += numpy.bincount(shard["actions"][:], minlength=len(names))
            sums += numpy.nansum(shard["metrics"][:], axis=0)
            rows += shard["actions"].shape[0]
    print(f"{len(journeys)} journeys, {rows} decisions, verified by {'hash' if xxhash else 'size'}")
    for name, count in zip(names, taken):
        print(f"action {name}: {count}")
    for name, total in zip(metrics, sums):
        print(f"metric {name}: {total:g}")


main(pathlib.Path(sys.argv[1]))
