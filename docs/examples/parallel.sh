#!/bin/sh
# Draws SHARDS times PER samples as CSV, with one process per core (GNU parallel). The result is
# identical to the file that one process writes for --n $((SHARDS * PER)), since sample i depends on
# the seed and i only.
#
#   parallel.sh RUN OUT.csv [OPTIONS of fluxion sample]
#   SHARDS=64 PER=100000 parallel.sh runs/cnf-moons-0001 samples.csv --log-prob
set -eu
run=${1:?usage: parallel.sh RUN OUT.csv '[OPTIONS]'}
out=${2:?usage: parallel.sh RUN OUT.csv '[OPTIONS]'}
shift 2
shards=${SHARDS:-8}
per=${PER:-10000}

# One line per shard: the index of its first sample. --keep-order joins the shards in the order of
# these lines, whichever finishes first; --halt starts no more shards after a failure.
trap 'rm -f "$out.part"' EXIT
seq 0 "$per" "$((shards * per - 1))" |
  parallel --keep-order --halt soon,fail=1 --quote \
    fluxion sample "$run" --from {} --n "$per" --out - --quiet "$@" >"$out.part"
mv "$out.part" "$out"
