#!/bin/sh
# Concatenates the rows of several .npy files of `fluxion sample`, in the given order. The result is
# identical to the file that one process writes for all of these samples.
#
#   join-npy.sh OUT.npy PART.npy...
set -eu
out=${1:?usage: join-npy.sh OUT.npy PART.npy...}
: "${2:?usage: join-npy.sh OUT.npy PART.npy...}"
shift
export LC_ALL=C

# A part has a header of 128 bytes with its shape, such as (1000, 2), followed by the numbers.
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
