/**
 * The flags of V8 that the program is started with; deno.json's tasks repeat them.
 *
 * On x86-64 V8 can make one operation on 256 bits of two on 128, where no check of bounds stands
 * between them: a matrix product is half as fast again, bit for bit the same. Deno checks every
 * access of WebAssembly in code, so that the checks have to go as well, as they do in a release build:
 * the tests run with them. The other architectures' V8 does not know the first flag, and
 * Deno refuses to start with a flag that it does not know.
 *
 * @param architecture `Deno.build.arch` of the machine that the program runs on.
 */
export function v8Flags(architecture: string): string[] {
  return architecture === "x86_64"
    ? ["--v8-flags=--experimental-wasm-revectorize,--no-wasm-bounds-checks"]
    : [];
}
