"""The protocols' arithmetic once more with numpy and scikit-learn: IJB 1:1 (pooling, roc_curve, nearest FPR) and the
ten-fold accuracy and TAR of pair lists, on the embeddings and lists of a synthetic benchmark, against what fr-eval printed.

  fr-data synth-protocol ijbc --size full --out ijbc
  fr-eval ijbc --data ijbc --embeddings ijbc/embeddings.npy --out ijbc.json
  python tests/peers/protocols.py ijbc ijbc ijbc.json
"""
import argparse
import json
import os
import sys
import time

import rounds

rounds.require("numpy", "sklearn")
import numpy
import sklearn
from sklearn.metrics import roc_curve
from sklearn.model_selection import KFold
from sklearn.preprocessing import normalize

RATES = ("1e-6", "1e-5", "1e-4", "1e-3", "1e-2", "1e-1")


def read_rows(folder, names):
    """Embeddings in the order of `names`; a missing or unusable row is NaN throughout."""
    values = numpy.load(os.path.join(folder, "embeddings.npy"), mmap_mode="r")
    with open(os.path.join(folder, "embeddings.txt"), encoding="utf-8") as file:
        place = {name: i for i, name in enumerate(file.read().split())}
    rows = numpy.full((len(names), values.shape[1]), numpy.nan, dtype=numpy.float32)
    known = [i for i, name in enumerate(names) if name in place]
    rows[known] = values[[place[names[i]] for i in known]]
    rows[~numpy.isfinite(rows).all(axis=1)] = numpy.nan
    return rows


def pool_templates(rows, templates, media, detector):
    """Sum over media of the mean over a medium's usable rows, f32 in order, then unit length in f64."""
    usable = numpy.isfinite(rows[:, 0])
    rows = rows * detector[:, None]
    ids = numpy.unique(templates)
    pooled = numpy.full((len(ids), rows.shape[1]), numpy.nan)
    order = numpy.argsort(templates, kind="stable")
    bounds = numpy.searchsorted(templates[order], ids)
    for t, begin in enumerate(bounds):
        members = order[begin:bounds[t + 1] if t + 1 < len(bounds) else None]
        members = members[usable[members]]
        if len(members) == 0:
            continue
        of = media[members]
        parts = [rows[members[of == m]] for m in numpy.unique(of)]
        pooled[t] = numpy.sum([numpy.mean(p, axis=0) if len(p) > 1 else p[0] for p in parts], axis=0, dtype=numpy.float32)
    usable = numpy.isfinite(pooled[:, 0])
    pooled[usable] = normalize(pooled[usable])
    return ids, pooled


def ijb(name, folder):
    meta = os.path.join(folder, "meta", name)
    names, templates, media = [], [], []
    with open(meta + "_face_tid_mid.txt", encoding="utf-8") as file:
        for line in file:
            image, template, medium = line.split()
            names.append(image)
            templates.append(int(template))
            media.append(int(medium))
    with open(meta + "_name_5pts_score.txt", encoding="utf-8") as file:
        detector = numpy.array([line.rsplit(None, 1)[1] for line in file], dtype=numpy.float32)
    pairs = numpy.loadtxt(meta + "_template_pair_label.txt", dtype=numpy.int64)
    ids, pooled = pool_templates(read_rows(folder, names), numpy.array(templates), numpy.array(media), detector)
    a, b = (numpy.searchsorted(ids, pairs[:, column]) for column in (0, 1))
    score = numpy.empty(len(pairs))
    for begin in range(0, len(pairs), 100_000):
        chunk = slice(begin, begin + 100_000)
        score[chunk] = numpy.sum(pooled[a[chunk]] * pooled[b[chunk]], -1)
    score[~numpy.isfinite(score)] = -2  # a failed pair: below all others
    fpr, tpr, _ = roc_curve(pairs[:, 2], score)
    fpr, tpr = numpy.flipud(fpr), numpy.flipud(tpr)
    nearest = {f"tar@far={rate}/nearest": tpr[numpy.argmin(numpy.abs(fpr - float(rate)))] for rate in RATES}
    fpr, tpr, _ = roc_curve(pairs[:, 2], score, drop_intermediate=False)
    return nearest | {f"tar@far={rate}": tpr[fpr <= float(rate)].max() for rate in RATES}


def lfw(folder):
    names, pairs = {}, []
    with open(os.path.join(folder, "pairs.txt"), encoding="utf-8") as file:
        for line in file.read().splitlines()[1:]:
            f = line.split()
            other = f[0] if len(f) == 3 else f[2]
            two = (f"{f[0]}/{f[0]}_{int(f[1]):04}.jpg", f"{other}/{other}_{int(f[-1]):04}.jpg")
            pairs.append([names.setdefault(name, len(names)) for name in two] + [len(f) == 3])
    pairs = numpy.array(pairs)
    rows = read_rows(folder, list(names)).astype(numpy.float64)
    usable = numpy.isfinite(rows[:, 0])
    rows[usable] = normalize(rows[usable])
    distance = numpy.sum((rows[pairs[:, 0]] - rows[pairs[:, 1]]) ** 2, -1)
    distance[~numpy.isfinite(distance)] = numpy.inf
    same = pairs[:, 2].astype(bool)
    thresholds = numpy.arange(0, 4, 0.01)
    correct = (distance[None, :] < thresholds[:, None]) == same[None, :]
    folds = [correct[numpy.argmax(correct[:, train].mean(axis=1))][test].mean()
             for train, test in KFold(n_splits=10, shuffle=False).split(pairs)]
    finite = numpy.where(numpy.isfinite(distance), -distance, -5)
    fpr, tpr, _ = roc_curve(same, finite, drop_intermediate=False)
    found = {f"tar@far={rate}": tpr[fpr <= float(rate)].max() for rate in ("1e-3", "1e-2", "1e-1")}
    return found | {"accuracy": numpy.mean(folds), "accuracy/std": numpy.std(folds)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("protocol", choices=("ijbb", "ijbc", "lfw"))
    parser.add_argument("folder", help="of fr-data synth-protocol")
    parser.add_argument("result", help="of fr-eval")
    options = parser.parse_args()
    begin = time.perf_counter()
    found = lfw(options.folder) if options.protocol == "lfw" else ijb(options.protocol, options.folder)
    with open(options.result, encoding="utf-8") as file:
        metrics = json.load(file)["metrics"]
    print(f"numpy {numpy.__version__}, scikit-learn {sklearn.__version__}: {time.perf_counter() - begin:.1f} s")
    different = 0
    for name, value in sorted(found.items()):
        ours = metrics["accuracy"]["std"] if name == "accuracy/std" else metrics[name]["value"]
        equal = abs(ours - value) < 5e-13
        different += not equal
        print(f"{name:22} fr-eval {ours:.10f}  here {value:.10f}{'' if equal else '  DIFFERENT'}")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
