"""What the comparisons share: the command line, rounds in which both sides take turns, the report."""
import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

SKIPPED = 77  # exit status, as of the tests


def require(*modules):
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        print(f"SKIPPED: cannot import {' '.join(missing)} (pip install torch onnx onnxruntime numpy)", file=sys.stderr)
        sys.exit(SKIPPED)


def arguments(description, networks, batch, add=lambda parser: None):
    """networks: the names to choose from; none where no network is measured."""
    parser = argparse.ArgumentParser(description=description)
    add(parser)
    if networks:
        parser.add_argument("network", choices=networks)
    else:
        parser.set_defaults(network=None)
    parser.add_argument("--batch", type=int, default=batch, help="images (%(default)s)")
    parser.add_argument("--bin", default="build/bin", help="folder of fr-bench (%(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of each side (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(%(default)s)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each side in each round (%(default)s)")
    parser.add_argument("--out", help="JSON file to write")
    return parser.parse_args()


def least_seconds(call, budget):
    """fr-bench's own rule: the least of as many calls as fit, two at least."""
    times = []
    first = time.perf_counter()
    while len(times) < 2 or time.perf_counter() - first < budget:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


class FrBench:
    """`fr-bench MEASUREMENT [NETWORK]` in a process of its own; `seconds` of one step or batch."""

    def __init__(self, measurement, options, *more):
        network = [options.network] if options.network else []
        self.command = [os.path.join(options.bin, "fr-bench"), measurement, *network,
                        "--batch", str(options.batch), "--threads", str(options.threads), *more]
        self.budget = options.seconds
        self.report = {}  # the last one

    def seconds(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "report.json")
            command = [*self.command, "--seconds", str(self.budget), "--out", out]
            ran = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if ran.returncode != 0:
                sys.exit(f"{' '.join(command)}: status {ran.returncode}: {ran.stderr.strip()}")
            with open(out, encoding="utf-8") as file:
                self.report = json.load(file)
        return self.report["seconds"]


def interleave(sides, rounds):
    """sides: name -> () -> seconds. Every round runs all of them, every other round in reverse order."""
    seconds = {name: [] for name in sides}
    load = []
    for number in range(rounds):
        load.append(os.getloadavg()[0])
        for name in list(sides) if number % 2 == 0 else reversed(list(sides)):
            seconds[name].append(sides[name]())
        print(f"round {number + 1}:", ", ".join(f"{name} {1e3 * times[-1]:.1f} ms" for name, times in seconds.items()),
              file=sys.stderr, flush=True)
    return seconds, load


def torch_versions(torch):
    lines = torch.__config__.show().splitlines()
    onednn = next((line.strip(" -") for line in lines if "MKL-DNN" in line), "no MKL-DNN")
    return {"torch": torch.__version__, "torch_onednn": onednn}


def report(options, measurement, seconds, load, versions):
    """The first side is ours; ratio = median of ours / median of the peer: below 1 we are faster."""
    ours = next(iter(seconds))
    median = {name: statistics.median(times) for name, times in seconds.items()}
    least = {name: min(times) for name, times in seconds.items()}
    what = f"{measurement} {options.network}" if options.network else measurement
    classes = {"classes": options.classes} if hasattr(options, "classes") else {}
    what += "".join(f", {count} classes" for count in classes.values())
    print(f"{what}, batch {options.batch}, {options.threads} threads, "
          f"{options.rounds} rounds, load {min(load):.1f} to {max(load):.1f}")
    print(f"{'median ms':>10} {'least ms':>10} {'images/s':>9} {'ratio':>6} {'of least':>8}")
    for name in seconds:
        print(f"{1e3 * median[name]:10.1f} {1e3 * least[name]:10.1f} {options.batch / median[name]:9.2f} "
              f"{median[ours] / median[name]:6.3f} {least[ours] / least[name]:8.3f}  {name}")
    for name, version in versions.items():
        print(f"{name}: {version}")
    if options.out:
        figures = {name: {"seconds": times, "median": median[name], "least": least[name],
                          "ratio": median[ours] / median[name], "ratio_of_least": least[ours] / least[name]}
                   for name, times in seconds.items()}
        with open(options.out, "w", encoding="utf-8") as file:
            json.dump({"schema": 1, "measurement": measurement, "network": options.network, "batch": options.batch,
                       "device": getattr(options, "device", "cpu"),
                       **classes,
                       "threads": options.threads, "load": load, "sides": figures,
                       "versions": versions, "python": platform.python_version()}, file, indent=2, sort_keys=True)
            file.write("\n")
