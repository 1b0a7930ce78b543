# Prints the V8 flags for this machine, or nothing; the tasks of deno.json pass them to `deno run`.
# See tools/v8_flags.ts for their meaning.
#
# Without bounds checks each WebAssembly memory reserves all 4 GiB that an index can reach. That may
# fail where `ulimit -v` limits the address space, so the checks stay on there.
if [ "$(uname -m)" = x86_64 ] && [ "$(ulimit -v)" = unlimited ]; then
  echo --v8-flags=--experimental-wasm-revectorize,--no-wasm-bounds-checks
fi
