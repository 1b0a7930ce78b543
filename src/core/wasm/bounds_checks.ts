/**
 * A module of one function (address: i64) -> i32 on an own memory of 64-bit addresses, one page
 * that may become two:
 *
 *   local.get 0
 *   i32.load8_u offset=65536
 *
 * Sections: type, function, memory, export `load`, code.
 */
const probe = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 6, 1, 96, 1, 126, 1, 127],
  ...[3, 2, 1, 0],
  ...[5, 4, 1, 5, 1, 2],
  ...[7, 8, 1, 4, 108, 111, 97, 100, 0, 0],
  ...[10, 11, 1, 9, 0, 32, 0, 45, 0, 128, 128, 4, 11],
]);

/**
 * Whether V8 checks the bounds of WebAssembly's accesses in this process: its flag
 * `--no-wasm-bounds-checks` is given on Deno's command line or in DENO_V8_FLAGS, and nothing tells
 * a program which flags there are. So a load of a wrong address is tried that is harmless: -65536
 * and the offset 65536 are 0 to the processor, which knows no carry beyond 64 bits, and an address
 * far outside to a check, which does.
 *
 * @returns False also where the engine has no memories of 64-bit addresses, so that it cannot be known.
 */
export function hasBoundsChecks(): boolean {
  if (!WebAssembly.validate(probe)) return false;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(probe));
  try {
    (exports.load as (address: bigint) => number)(-65536n);
    return false;
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return true;
    throw error;
  }
}
