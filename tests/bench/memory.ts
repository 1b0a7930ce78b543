/**
 * Peak memory of contestants. Fluxion's and tfjs's run again in a process each, since the benchmark
 * runs them in one:
 *
 *   deno run --allow-all tests/bench/memory.ts SETUP CONTESTANT WORK...
 *
 * prints the largest resident set in bytes, or null if unknown.
 */
import { v8Flags } from "../../tools/v8_flags.ts";
import { setups } from "./table.ts";
import type { Result } from "./turns.ts";

/** Peak resident bytes by contestant; null if unknown. */
export type Peaks = Readonly<Record<string, number | null>>;

/** Turns per work, enough for buffers to reach their final size. */
const TURNS = 3;

/** Peaks of all contestants of a setup; a peer's is that of its whole process. */
export async function peaksOf(
  setup: keyof typeof setups,
  byWork: Readonly<Record<string, Readonly<Record<string, Result>>>>,
): Promise<Peaks> {
  const peaks: Record<string, number | null> = {};
  const contestants = Object.values(byWork).flatMap((results) => Object.entries(results));
  for (const [name, { peakBytes }] of contestants) {
    peaks[name] = peakBytes === null ? null : Math.max(peaks[name] ?? 0, peakBytes);
  }
  if (Deno.build.os !== "linux") return peaks;
  for (const name of Object.keys(peaks).filter((name) => peaks[name] === null)) {
    const works = Object.keys(byWork).filter((work) => name in byWork[work]!);
    peaks[name] = await peakAlone(setup, name, works);
  }
  return peaks;
}

async function peakAlone(
  setup: keyof typeof setups,
  contestant: string,
  works: readonly string[],
): Promise<number | null> {
  const program = [...v8Flags(Deno.build.arch), "--allow-all", import.meta.filename!];
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", ...program, setup, contestant, ...works],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${setup}, ${contestant}: ended before its memory was known`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/**
 * Peak resident bytes of this process so far. Does not use `resourceUsage().maxRSS`, because on
 * Linux a process inherits the peak of its parent.
 */
function ownPeakBytes(): number {
  return 1024 * Number(/VmHWM:\s*(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))![1]);
}

if (import.meta.main) {
  const [name, contestant, ...works] = Deno.args as [keyof typeof setups, string, ...string[]];
  const folder = await Deno.makeTempDir();
  const setup = await setups[name](null, folder);
  for (const work of works) {
    const { turn } = setup.works[work]!.find((other) => other.name === contestant)!;
    for (let i = 0; i < (setup.isLong ? 1 : TURNS); i++) await turn();
  }
  console.log(ownPeakBytes());
  await setup.close();
  await Deno.remove(folder, { recursive: true });
  Deno.exit(); // idle workers of the engine would keep the process alive
}
