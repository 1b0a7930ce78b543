#!/bin/sh
# Runs the GPU benchmark of Fluxion from this folder, without a network:
#
#   sh run.sh [--toy] [--rounds N] [--python PATH] [ROW...]
#
# README.txt says what the machine needs. Records go to tests/bench/results.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ ! -x "$here/deno" ]; then
  gzip -dc "$here/deno.gz" > "$here/deno.new"
  chmod +x "$here/deno.new"
  mv "$here/deno.new" "$here/deno"
fi
if command -v ldconfig > /dev/null && ! ldconfig -p | grep -q libvulkan.so.1; then
  echo "no libvulkan.so.1 here: README.txt names the packages of the Vulkan loader" >&2
fi
# Mesa's device-selection layer would write to stderr on machines without a desktop.
NODEVICE_SELECT=1 exec "$here/deno" run -q --no-config --no-lock --no-remote --no-npm --no-prompt \
  --allow-read --allow-write --allow-run --allow-env --allow-sys \
  "$here/tests/bench/peers/main.js" "$@"
