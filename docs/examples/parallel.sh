#!/bin/sh
# SHARDS times PER samples as CSV, drawn by as many processes at once as there are cores (GNU
# parallel): the very file that one process writes for --n $((SHARDS * PER)), since sample i is a
# function of the seed and i alone.
#
#   parallel.sh RUN OUT.csv [OPTIONS of fluxion sample]
#   SHARDS=64 PER=100000 parallel.sh runs/cnf-moons-0001 samples.csv --log-prob
set -eu
run=${1:?usage: parallel.sh RUN OUT.csv '[OPTIONS]'}
out=${2:?usage: parallel.sh RUN OUT.csv '[OPTIONS]'}
shift 2
shards=${SHARDS:-8}
per=${PER:-10000}

# One line a shard: the index of its first sample. --keep-order joins them in the order of these
# lines, whichever is done first; --halt starts no more of them when one has failed.
trap 'rm -f "$out.part"' EXIT
seq 0 "$per" "$((shards * per - 1))" |
  parallel --keep-order --halt soon,fail=1 --quote \
    fluxion sample "$run" --from {} --n "$per" --out - --quiet "$@" >"$out.part"
mv "$out.part" "$out"
