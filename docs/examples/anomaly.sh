#!/bin/sh
# The rows of a CSV that a trained CNF finds least likely: log-density (nats), then the row.
#
#   anomaly.sh RUN POINTS.csv [N]
#   anomaly.sh runs/cnf-moons-0001 points.csv 10
set -eu
run=${1:?usage: anomaly.sh RUN POINTS.csv '[N]'}
points=${2:?usage: anomaly.sh RUN POINTS.csv '[N]'}
n=${3:-10}

scores=$(mktemp)
trap 'rm -f "$scores"' EXIT
# Control groups of one row: no score depends on the row's neighbours in the file.
fluxion log-prob "$run" --points "$points" --control-group 1 --quiet >"$scores"

# As many lines as there are scores, from the end: that leaves out a first line of names.
tail -n "$(wc -l <"$scores")" "$points" | paste -d , "$scores" - | sort -t , -k 1,1g | head -n "$n"
