#!/bin/sh
# Prints the rows of a CSV with the lowest density under a trained CNF: log-density (nats), then the row.
#
#   anomaly.sh RUN POINTS.csv [N]
#   anomaly.sh runs/cnf-moons-0001 points.csv 10
set -eu
run=${1:?usage: anomaly.sh RUN POINTS.csv '[N]'}
points=${2:?usage: anomaly.sh RUN POINTS.csv '[N]'}
n=${3:-10}

scores=$(mktemp)
trap 'rm -f "$scores"' EXIT
# Control groups of one row, so that no score depends on other rows of the file.
fluxion log-prob "$run" --points "$points" --control-group 1 --quiet >"$scores"

# Takes as many lines as there are scores, from the end, which skips a header.
tail -n "$(wc -l <"$scores")" "$points" | paste -d , "$scores" - | sort -t , -k 1,1g | head -n "$n"
