/**
 * Peak memory of a row's two sides, each in a process that does nothing else. Fluxion's and tfjs's
 * share one in the benchmark, so they run again:
 *
 *   deno run --allow-all tests/bench/memory.ts SETUP WORK CONTESTANT
 *
 * prints the largest resident set in bytes.
 */
import { v8Flags } from "../../tools/v8_flags.ts";
import type { Line } from "./record.ts";
import { setups } from "./setups.ts";
import type { Result } from "./turns.ts";
import type { Setup } from "./workloads/setup.ts";

/** Peak resident bytes; null if unknown. */
export interface Memory {
  readonly ours: number | null;
  /** Of the row's fastest peer. */
  readonly peer: number | null;
  /** Of that, what it had reached after its imports. */
  readonly peerImports: number | null;
}

/** Executions, enough for buffers to reach their final size. */
const TURNS = 3;

/** Peaks of a row's two sides. */
export async function memoryOf(
  { setup, does, ours, fastest }: Line,
  { works, coldRounds }: Setup,
  results: Readonly<Record<string, Result>>,
): Promise<Memory> {
  const peakOf = async (name: string | null) => {
    const contestant = works[does]!.find((other) => other.name === name);
    if (contestant === undefined) return { peak: null, imports: null };
    if (contestant.alone !== undefined) {
      const { peakBytes, importedBytes = null } = await contestant.alone(turnsOf(coldRounds));
      return { peak: peakBytes, imports: importedBytes };
    }
    const known = results[contestant.name]?.peakBytes ?? null;
    if (known !== null || Deno.build.os !== "linux") return { peak: known, imports: null };
    return { peak: await peakAlone(setup, does, contestant.name), imports: null };
  };
  const [own, peer] = [await peakOf(ours), await peakOf(fastest)];
  return { ours: own.peak, peer: peer.peak, peerImports: peer.imports };
}

function turnsOf(coldRounds: number | undefined): number {
  return coldRounds === undefined ? TURNS : 1;
}

async function peakAlone(...args: [keyof typeof setups, string, string]): Promise<number> {
  const program = [...v8Flags(Deno.build.arch), "--allow-all", import.meta.filename!];
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", ...program, ...args],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${args.join(", ")}: ended before its memory was known`);
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
  const [name, work, contestant] = Deno.args as [keyof typeof setups, string, string];
  const folder = await Deno.makeTempDir();
  const setup = await setups[name](null, folder);
  const { turn } = setup.works[work]!.find((other) => other.name === contestant)!;
  for (let i = 0; i < turnsOf(setup.coldRounds); i++) await turn();
  console.log(ownPeakBytes());
  await setup.close();
  await Deno.remove(folder, { recursive: true });
  Deno.exit(); // idle workers of the engine would keep the process alive
}
