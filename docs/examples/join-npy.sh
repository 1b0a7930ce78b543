#!/bin/sh
# The rows of several .npy files of `fluxion sample` in one, in the order given: the very file that
# one process writes for all of these samples.
#
#   join-npy.sh OUT.npy PART.npy...
set -eu
out=${1:?usage: join-npy.sh OUT.npy PART.npy...}
: "${2:?usage: join-npy.sh OUT.npy PART.npy...}"
shift
export LC_ALL=C

# A part begins with 128 bytes that say its shape, such as (1000, 2); its numbers follow.
rows=0
for part; do
  shape=$(head -c 128 "$part" | tr -d '\000' | sed -n "s/.*'shape': (\([0-9, ]*\)).*/\1/p")
  if [ -z "$shape" ]; then
    echo "join-npy.sh: $part: not an .npy file of fluxion sample" >&2
    exit 2
  fi
  rows=$((rows + ${shape%%,*}))
done
header="{'descr': '<f4', 'fortran_order': False, 'shape': ($rows,${shape#*,}), }"
trap 'rm -f "$out.part"' EXIT
{
  # v is 118, the length of what follows it.
  printf '\223NUMPY\001\000v\000%-117s\n' "$header"
  for part; do tail -c +129 "$part"; done
} >"$out.part"
mv "$out.part" "$out"
