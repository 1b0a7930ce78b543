#!/bin/sh
# Runs a command in a Slurm cluster of this one machine, which exists while the command runs.
#
#   slurm_cluster.sh FOLDER COMMAND...
#
# FOLDER gets the daemons' state and logs. Needs root and Debian's slurm-wlm; neither systemd nor
# cgroups. Exits with 77 if the cluster cannot be started, else as the command does.
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
export SLURM_CONF="$folder/slurm.conf"
host=$(hostname -s)

head -c 1024 /dev/urandom >"$folder/munge.key"
chmod 600 "$folder/munge.key"
rm -rf "$folder/state" "$folder/spool"
mkdir "$folder/state" "$folder/spool"
cat >"$SLURM_CONF" <<END
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
KillWait=2
UnkillableStepTimeout=10
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName=one NodeHostname=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
# Slurm 22 has no such plugin, and starts only where it finds cgroups.
case $(slurmd -V) in
  *' '1?.* | *' '2[012].*) ;;
  *) echo 'CgroupPlugin=disabled' >"$folder/cgroup.conf" ;;
esac

munged --foreground --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
  --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" \
  --seed-file="$folder/munge.seed" >"$folder/munged.out" 2>&1 &
daemons=$!
stop() {
  # shellcheck disable=SC2086 # ids
  kill $daemons 2>/dev/null || true
  # shellcheck disable=SC2086
  (sleep 10 && kill -9 $daemons) >/dev/null 2>&1 &
  last=$!
  # Until then they write to the folder.
  # shellcheck disable=SC2086
  wait $daemons || true
  kill "$last" || true
}
trap stop EXIT

waits() { # COMMAND: until it succeeds, ten seconds at most
  for _ in $(seq 100); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  tail -n 20 "$folder"/*.log "$folder"/*.out >&2 || true
  exit 77
}
is_idle() { [ "$(sinfo --noheader --format=%T)" = idle ]; }

waits test -S "$folder/munge.socket"
slurmctld -D >"$folder/slurmctld.out" 2>&1 &
daemons="$daemons $!"
slurmd -D -N one >"$folder/slurmd.out" 2>&1 &
daemons="$daemons $!"
waits is_idle
"$@"
