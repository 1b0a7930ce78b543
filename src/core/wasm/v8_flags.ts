/**
 * The flags of V8 with which WebAssembly is fastest here; none where V8 does not know them.
 *
 * On x86-64 V8 can make one operation on 256 bits of two on 128, where no check of bounds stands
 * between them: a matrix product is half as fast again, bit for bit the same. Deno checks every
 * access of WebAssembly in code, so that the checks have to go as well; `guarded` (guarded_memory.ts)
 * is what keeps accesses inside then. The other architectures' V8 does not know the first flag,
 * and Deno refuses to start with a flag that it does not know.
 *
 * @param architecture `Deno.build.arch` of the machine that the program runs on.
 */
export function fastestFlags(architecture: string): string[] {
  return architecture === "x86_64"
    ? ["--experimental-wasm-revectorize", "--no-wasm-bounds-checks"]
    : [];
}
