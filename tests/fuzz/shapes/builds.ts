import { v8Flags } from "../../../tools/v8_flags.ts";

const root = new URL("../../../", import.meta.url).pathname.replace(/\/$/, "");

/** What a command did. */
export interface Outcome {
  readonly code: number;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `fast`: without checks of bounds; `safe`: with them, as the tests run. */
export const builds = ["fast", "safe"] as const;
export type Build = typeof builds[number];

/** No case takes as long: what does hangs. */
const MOST_MS = 300_000;

async function run(folder: string, args: readonly string[]): Promise<Outcome> {
  const { code, signal, stdout, stderr } = await new Deno.Command("deno", {
    args: ["run", "-q", "--no-prompt", `--config=${root}/deno.json`, ...args],
    cwd: folder,
    env: { NO_COLOR: "1", INIT_CWD: folder },
    stdin: "null",
    signal: AbortSignal.timeout(MOST_MS),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, signal, stdout: text(stdout), stderr: text(stderr).trim() };
}

/** Runs `fluxion ARGS` in a folder. */
export function fluxion(build: Build, folder: string, args: readonly string[]): Promise<Outcome> {
  const flags = build === "fast" ? v8Flags(Deno.build.arch) : [];
  return run(folder, [...flags, "-P=fluxion", `${root}/cli/main.ts`, ...args]);
}

/** Runs portable_values.ts, the portable engine's values of a run. */
export function portableValues(folder: string, args: readonly string[]): Promise<Outcome> {
  const program = new URL("portable_values.ts", import.meta.url).pathname;
  return run(folder, ["-P=fluxion", program, ...args]);
}
