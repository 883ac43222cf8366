"""Exhaustive top-1 search of `fr-bench score` (f32 and int8 screen) against faiss-cpu's IndexFlatIP."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import rounds

rounds.require("faiss", "numpy")
import faiss
import numpy

ENGINES = ("top-1, f32", "top-1, int8 screen")


def ours(options, engine):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "report.json")
        command = [os.path.join(options.bin, "fr-bench"), "score", "--backend", "cpu", "--only", engine, "--out", out,
                   "--probes", str(options.probes), "--gallery", str(options.gallery), "--dim", str(options.dim),
                   "--threads", str(options.threads), "--seconds", str(options.seconds)]
        ran = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if ran.returncode != 0:
            sys.exit(f"{' '.join(command)}: status {ran.returncode}: {ran.stderr.strip()}")
        with open(out, encoding="utf-8") as file:
            return json.load(file)["engines"][engine]["least_seconds"]


def units(generator, count, dim):
    rows = generator.standard_normal((count, dim), dtype=numpy.float32)
    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=2000)
    parser.add_argument("--gallery", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--bin", default="build/bin", help="folder of fr-bench (%(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of each side (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each side in each round (%(default)s)")
    options = parser.parse_args()
    faiss.omp_set_num_threads(options.threads)
    generator = numpy.random.default_rng(1)
    probes = units(generator, options.probes, options.dim)
    index = faiss.IndexFlatIP(options.dim)
    index.add(units(generator, options.gallery, options.dim))
    sides = {engine: lambda engine=engine: ours(options, engine) for engine in ENGINES}
    sides["faiss IndexFlatIP"] = lambda: rounds.least_seconds(lambda: index.search(probes, 1), options.seconds)
    seconds, load = rounds.interleave(sides, options.rounds)
    peer = statistics.median(seconds["faiss IndexFlatIP"])
    print(f"top-1 of {options.probes} x {options.gallery} x {options.dim}, {options.threads} threads, "
          f"load {min(load):.1f} to {max(load):.1f}, faiss {faiss.__version__}")
    for name, times in seconds.items():
        median = statistics.median(times)
        print(f"{1e3 * median:10.1f} ms  {peer / median:6.2f} x faiss  {name}")


if __name__ == "__main__":
    main()
