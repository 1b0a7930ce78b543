/**
 * The V8 flags with which WebAssembly runs fastest; none on architectures without them.
 *
 * On x86-64 V8 can merge two 128-bit operations into one of 256 bits if no bounds check stands
 * between them: a matrix product runs 1.5 times as fast, with the same bits. Deno emits an explicit
 * check for every WebAssembly access, so bounds checks must be off as well; `guarded`
 * (guarded_memory.ts) then keeps accesses in bounds. V8 on other architectures lacks the first
 * flag, and Deno refuses to start with an unknown flag.
 *
 * @param architecture `Deno.build.arch` of the machine that the program runs on.
 */
export function fastestFlags(architecture: string): string[] {
  return architecture === "x86_64"
    ? ["--experimental-wasm-revectorize", "--no-wasm-bounds-checks"]
    : [];
}
