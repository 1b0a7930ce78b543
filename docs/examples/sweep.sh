#!/bin/sh
# Trains a CNF with several seeds and tabulates the likelihoods with their mean and spread.
#
#   sweep.sh DIR "SEEDS" [OPTIONS of fluxion train cnf]
#   sweep.sh runs/sweep "0 1 2 3"
#   sweep.sh runs/wide "0 1 2 3" --hidden 128
#
# After an interruption it resumes; with more seeds it trains only the new ones.
set -eu
dir=${1:?usage: sweep.sh DIR '"SEEDS" [OPTIONS]'}
seeds=${2:?usage: sweep.sh DIR '"SEEDS" [OPTIONS]'}
shift 2

set -- --quiet "$@"
for seed in $seeds; do
  run=$dir/seed-$seed
  resume=
  if [ -e "$run/config.json" ]; then resume=--resume; fi
  fluxion train cnf --run "$run" --seed "$seed" $resume "$@" >/dev/null
  fluxion eval "$run" --json --quiet >"$run/eval.json"
done

# nllGap: how far the test NLL lies above the true density's on the same points, in nats.
for seed in $seeds; do cat "$dir/seed-$seed/eval.json"; done | jq -sr '
  def short: . * 1e4 | round / 1e4;
  def mean: add / length;
  (map(.nllGap) | mean) as $mean
  | (map(.nllGap - $mean | . * .) | add / ([length - 1, 1] | max) | sqrt) as $spread
  | ["seed", "nll", "nllGap", "+-"],
    (.[] | [.seed, (.nll, .nllGap, .nllGapStdErr | short)]),
    ["mean", (map(.nll) | mean | short), ($mean | short), ($spread | short)]
  | @tsv'
