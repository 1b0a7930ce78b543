import { fastestFlags } from "../src/core/wasm/v8_flags.ts";

/**
 * V8 flags of the program; `v8_flags.sh` repeats them for deno.json's tasks. Tests run without.
 *
 * @param architecture `Deno.build.arch` of the target machine.
 */
export function v8Flags(architecture: string): string[] {
  const flags = fastestFlags(architecture);
  return flags.length === 0 ? [] : [`--v8-flags=${flags.join(",")}`];
}
