/**
 * A module with one function (address: i64) -> i32 and its own 64-bit memory of one page, maximum
 * two:
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
 * Whether V8 checks the bounds of WebAssembly accesses in this process.
 *
 * The flag `--no-wasm-bounds-checks` comes from Deno's command line or DENO_V8_FLAGS, and a program
 * cannot query V8's flags. So this tries an out-of-bounds load that is harmless without checks:
 * address -65536 plus offset 65536 wraps to 0 in the processor's 64-bit arithmetic, but a check
 * sees the carry and traps.
 *
 * @returns False also if the engine lacks 64-bit memories, where this cannot be determined.
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
