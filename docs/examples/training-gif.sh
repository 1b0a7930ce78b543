#!/bin/sh
# Makes a GIF of the sample pictures that a run drew during training (ImageMagick).
#
#   training-gif.sh RUN OUT.gif
#   training-gif.sh runs/cnf-moons-0001 training.gif
#   DELAY=50 training-gif.sh runs/fm-mnist-0001 training.gif      hundredths of a second per picture
#
# fluxion train draws one every --sample-every epochs.
set -eu
run=${1:?usage: training-gif.sh RUN OUT.gif}
out=${2:?usage: training-gif.sh RUN OUT.gif}
delay=${DELAY:-25}

set -- "$run"/samples/epoch-*.png
if [ ! -e "$1" ]; then
  echo "training-gif.sh: $run/samples has no pictures yet" >&2
  exit 2
fi
for last; do :; done
# Show the last picture for a while before the GIF loops.
convert -loop 0 -delay "$delay" "$@" -delay "$((8 * delay))" "$last" -resize "640x640>" -layers optimize "$out"
