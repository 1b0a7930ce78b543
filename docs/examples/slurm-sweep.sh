#!/bin/sh
#SBATCH --job-name=fluxion-sweep
#SBATCH --array=0-9
#SBATCH --cpus-per-task=1
#SBATCH --mem=1G
# Trains the runs of a sweep as a Slurm job array: task i trains the run of line i + 1 of the job
# file, here ten runs.
#
#   fluxion sweep train cnf --lr 1e-2,5e-3 --seed 0..4 --threads 1 --run-dir DIR --write-jobs
#   sbatch slurm-sweep.sh DIR          DIR: a folder that every node sees
#   fluxion sweep train cnf --lr 1e-2,5e-3 --seed 0..4 --threads 1 --run-dir DIR --table
#
# For another number of runs: sbatch --array=0-N slurm-sweep.sh DIR. A task that is started again
# resumes its run, and leaves a finished one as it is.
set -eu
dir=${1:?usage: sbatch slurm-sweep.sh DIR}
line=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$dir/jobs.sh")
if [ -z "$line" ]; then
  echo "$dir/jobs.sh has no line for task $SLURM_ARRAY_TASK_ID" >&2
  exit 2
fi
eval "$line"
