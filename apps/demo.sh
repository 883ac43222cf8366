#!/usr/bin/env bash
# The main job on synthetic faces: render, train two networks, evaluate both, print the paper's Table 2 with ours beside it.
# Usage: demo.sh BIN_DIR OUT_DIR. Everything lands in OUT_DIR; run again, it continues where it was.
set -euo pipefail
bin=$1
out=$2
say() { printf '\n== %s\n' "$*"; }

if [ ! -f "$out/data/ijbc/meta/ijbc_template_pair_label.txt" ]; then
  say "Rendering synthetic faces (training identities and test identities are disjoint)"
  "$bin/fr-data" synth --identities 400 --images 25 --pairs 600 --no-folder --force --out "$out/data"
fi

say "Three baselines that must stay at or below 75 %: no trick gives identity away"
"$bin/fr-data" baselines --data "$out/data"

# s = 16: the paper's 64 is for some hundred times as many identities and steps.
recipe() { if [ "$1" = arcface ]; then echo --scale 16 --lr 0.05; fi; }
for loss in softmax arcface; do
  say "Training iresnet_mini with $loss"
  # shellcheck disable=SC2046
  "$bin/fr-train" --data "$out/data/train_packed" --network iresnet_mini --loss "$loss" --batch-size 64 --steps 800 \
    $(recipe "$loss") --out "$out/runs/$loss"
  for protocol in lfw cfp_fp agedb_30; do
    "$bin/fr-eval" "$protocol" --data "$out/data/$protocol" --model "$out/runs/$loss/model.safetensors" \
      --out "$out/results/$protocol-$loss.json"
  done
done

say "IJB-C style, 1:1"
"$bin/fr-eval" ijbc --far 1e-4 --data "$out/data/ijbc" --model "$out/runs/arcface/model.safetensors" \
  --out "$out/results/ijbc-arcface.json"

say "The paper's Table 2, ours beside it"
"$bin/fr-report" table 2 "$out"/results/{lfw,cfp_fp,agedb_30}-*.json
