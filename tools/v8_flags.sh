# Prints the flags of V8 that a program is started with on this machine, or nothing: the tasks of
# deno.json hand them to `deno run`. tools/v8_flags.ts says what they do.
#
# Without the checks of bounds each memory of WebAssembly has to reserve all 4 GiB that an index can
# reach. Where `ulimit -v` limits the address space that may fail, so the checks stay.
if [ "$(uname -m)" = x86_64 ] && [ "$(ulimit -v)" = unlimited ]; then
  echo --v8-flags=--experimental-wasm-revectorize,--no-wasm-bounds-checks
fi
