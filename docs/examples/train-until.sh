#!/bin/sh
# Trains a CNF until its test NLL (nats) is below a target, STEP steps at a time and MOST at most.
# Exit 1 if MOST steps were not enough.
#
#   train-until.sh RUN TARGET [OPTIONS of fluxion train cnf]
#   train-until.sh runs/good 1.1
#   STEP=50 MOST=500 train-until.sh runs/good 1.1 --hidden 32
#
# After an interruption it resumes.
set -eu
run=${1:?usage: train-until.sh RUN TARGET '[OPTIONS]'}
target=${2:?usage: train-until.sh RUN TARGET '[OPTIONS]'}
shift 2
step=${STEP:-100}
most=${MOST:-1000}

# The number of steps is not known in advance, so the learning rate cannot decay towards the end.
# The moving average of the weights has the same effect.
set -- --schedule constant --ema 0.98 --quiet "$@"
resume=
steps=$step
if [ -e "$run/config.json" ]; then
  resume=--resume
  steps=$(jq .steps "$run/config.json")
fi
while :; do
  fluxion train cnf --run "$run" --steps "$steps" $resume "$@" >/dev/null
  fluxion eval "$run" --json --quiet >"$run/eval.json"
  jq -r --arg steps "$steps" '"\($steps) steps: NLL \(.nll)"' "$run/eval.json"
  if jq -e --argjson target "$target" '.nll < $target' "$run/eval.json" >/dev/null; then
    exit 0
  fi
  if [ "$steps" -ge "$most" ]; then
    echo "train-until.sh: not below $target after $steps steps" >&2
    exit 1
  fi
  resume=--resume
  steps=$((steps + step))
done
