import process from "node:process";

/** Measurements of one execution of the work. */
export interface Turn {
  /** Wall-clock time; null if the work did not finish. */
  readonly ms: number | null;
  /** CPU time of all threads; null if unknown. */
  readonly cpuMs: number | null;
  /** Field evaluations, mean over control groups; null if not counted. */
  readonly nfe: number | null;
  /**
   * Peak resident set so far of a peer's process; null if unknown, and for work in this process,
   * which several contestants share (memory.ts).
   */
  readonly peakBytes: number | null;
}

/** Executes the work; its name, "Fluxion, 2 threads", has its label before the comma. */
export interface Contestant {
  readonly name: string;
  turn(): Promise<Turn>;
}

/** Name of a contestant. */
export function atThreads(label: string, threads: number, how = ""): string {
  return `${label}, ${threads} thread${threads > 1 ? "s" : ""}${how && ` (${how})`}`;
}

/** All turns of a contestant, and their medians. */
export interface Result {
  readonly medianMs: number;
  readonly leastMs: number;
  readonly cpuMs: number | null;
  readonly nfe: number | null;
  /** Peak after the last turn. */
  readonly peakBytes: number | null;
  readonly ms: readonly number[];
}

/** Pause between turns, in which a peer's busy-waiting threads fall asleep. */
const PAUSE_MS = 30;
/** Work that takes longer than this gets fewer turns. */
const LONG_MS = 1500;
const LONG_ROUNDS = 3;
/** Long work this much slower than another contestant of its label gets a single turn. */
const HOPELESS = 3;
/** Warm-up turns, for compilers, caches and threads. */
const WARM_UPS = 2;

/** Median; for an even number of values the upper of the middle two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Runs the contestants in turn, `rounds` times each, slow ones less often. */
export async function takeTurns(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Record<string, Result>> {
  const first = new Map<Contestant, Turn>();
  const counted = new Map<Contestant, Turn[]>(contestants.map((contestant) => [contestant, []]));
  const turnsOf = (contestant: Contestant): number => {
    const ms = msOf(first.get(contestant)!);
    if (ms <= LONG_MS) return rounds;
    const least = Math.min(
      ...[...first].filter(([{ name }]) => labelOf(name) === labelOf(contestant.name))
        .map(([, turn]) => msOf(turn)),
    );
    return ms > HOPELESS * least ? 0 : Math.min(rounds, LONG_ROUNDS);
  };
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (const contestant of contestants) {
      const most = round === -WARM_UPS ? rounds : turnsOf(contestant);
      if (round >= most || (round === -1 && most < rounds)) continue;
      const turn = await contestant.turn();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      if (round === -WARM_UPS) first.set(contestant, turn);
      if (round >= 0) counted.get(contestant)!.push(turn);
    }
  }
  return Object.fromEntries(
    [...counted].map(([contestant, turns]) => [
      contestant.name,
      resultOf(turns.length > 0 ? turns : [first.get(contestant)!]),
    ]),
  );
}

/** Runs each contestant once, without a warm-up. */
export async function takeOneTurn(
  contestants: readonly Contestant[],
): Promise<Record<string, Result>> {
  const results: Record<string, Result> = {};
  for (const { name, turn } of contestants) results[name] = resultOf([await turn()]);
  return results;
}

function resultOf(turns: readonly Turn[]): Result {
  const ms = turns.map(msOf);
  const cpuMs = turns.map((turn) => turn.cpuMs);
  return {
    ...{ medianMs: median(ms), leastMs: Math.min(...ms) },
    cpuMs: cpuMs.includes(null) ? null : median(cpuMs as number[]),
    ...{ nfe: turns.at(-1)!.nfe, peakBytes: turns.at(-1)!.peakBytes, ms },
  };
}

function msOf({ ms }: Turn): number {
  return ms ?? Infinity;
}

function labelOf(name: string): string {
  return name.split(",")[0]!;
}

/** Times work in this process; `work` returns its field evaluations, or null if not counted. */
export async function timed(work: () => Promise<number | null> | number | null): Promise<Turn> {
  const begin = performance.now(), cpu = process.cpuUsage();
  const nfe = await work();
  const ms = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1e3, nfe, peakBytes: null };
}
