#!/bin/sh
#SBATCH --job-name=fluxion-samples
#SBATCH --array=0-999
#SBATCH --cpus-per-task=1
#SBATCH --mem=1G
# A billion samples from a Slurm job array: a thousand tasks of a million samples (PER) each.
#
#   sbatch slurm-array.sh RUN OUT           RUN and OUT: folders that every node sees
#   join-npy.sh samples.npy OUT/*.npy       when all tasks are done, if one file is wanted
#
# Task i draws PER samples starting at i * PER. Lost tasks can be rerun: their samples depend on the
# task's index only, and existing files are complete.
set -eu
run=${1:?usage: sbatch slurm-array.sh RUN OUT}
out=${2:?usage: sbatch slurm-array.sh RUN OUT}
per=${PER:-1000000}

mkdir -p "$out"
file=$(printf '%s/%06d.npy' "$out" "$SLURM_ARRAY_TASK_ID")
if [ -e "$file" ]; then exit 0; fi
fluxion sample "$run" --from "$((SLURM_ARRAY_TASK_ID * per))" --n "$per" --out "$file" --quiet
