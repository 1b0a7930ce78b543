import { fastestFlags } from "../src/core/wasm/v8_flags.ts";

/**
 * The flags of V8 that the program is started with; `v8_flags.sh` repeats them for deno.json's
 * tasks. The tests run without.
 *
 * @param architecture `Deno.build.arch` of the machine that the program runs on.
 */
export function v8Flags(architecture: string): string[] {
  const flags = fastestFlags(architecture);
  return flags.length === 0 ? [] : [`--v8-flags=${flags.join(",")}`];
}
