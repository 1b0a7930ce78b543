import process from "node:process";

/** Measurements of one execution of the work. */
export interface Turn {
  /** Wall-clock time, of a step where a turn takes several; null if the work did not finish. */
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
  /** What preceded a peer's turns: compilation, and in PyTorch one execution. */
  readonly prepareMs?: number;
  /** Peak of a peer's process after its imports. */
  readonly importedBytes?: number | null;
}

/** Difference between both sides' results, to verify that they compute the same. */
export interface Agreement {
  readonly what: string;
  readonly difference: number;
  readonly limit: number;
}

/** Executes the work. */
export interface Contestant {
  /** What rows compare with: "Fluxion", "diffrax"; of a family's contestants the fastest counts. */
  readonly family: string;
  /** "Fluxion, 2 threads", "diffrax stacked, 1 thread". */
  readonly name: string;
  /** Imports what it needs; several may do so at once. */
  start?(): Promise<void>;
  turn(): Promise<Turn>;
  /** Compiles, and compares the answers; turns count only if they agree. Absent in Fluxion's own. */
  check?(): Promise<Agreement>;
  /** The last of so many executions in a process that does nothing else, for its memory. */
  alone?(turns: number): Promise<Turn>;
}

/** Name of a contestant. */
export function contestantName(label: string, threads: number, how = ""): string {
  return `${label}, ${threads} thread${threads > 1 ? "s" : ""}${how && ` (${how})`}`;
}

/** All turns of a contestant, and their medians. */
export interface Result {
  readonly family: string;
  readonly medianMs: number;
  readonly leastMs: number;
  readonly cpuMs: number | null;
  /** Not part of any turn; null if nothing had to be prepared. */
  readonly prepareMs: number | null;
  readonly nfe: number | null;
  /** Peak after the last turn. */
  readonly peakBytes: number | null;
  readonly importedBytes: number | null;
  readonly ms: readonly number[];
}

/** Pause between turns, in which a peer's busy-waiting threads fall asleep. */
const PAUSE_MS = 30;
/** Turns of a contestant take about this long at most, but it gets a few of them. */
const BUDGET_MS = 2500;
const FEWEST_ROUNDS = 3;
/** Work this much slower than another contestant of its family gets a single turn, */
const HOPELESS = 1.5;
/** unless it is so short that it does not matter. */
const SHORT_MS = 200;
/**
 * A turn shorter than this follows so long a run of turns that do not count: after the pause and the
 * others' work caches are cold, threads asleep (waking one takes up to 4 ms) and the clock is low.
 */
const LEAD_IN_MS = 100;
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
  const first = new Map<Contestant, TimedTurn>(), latest = new Map<Contestant, TimedTurn>();
  const counted = new Map<Contestant, Turn[]>(contestants.map((contestant) => [contestant, []]));
  const roundsOf = (contestant: Contestant): number => {
    const { wallMs } = first.get(contestant)!;
    const ofFamily = [...first].filter(([{ family }]) => family === contestant.family);
    const least = Math.min(...ofFamily.map(([, turn]) => turn.wallMs));
    if (wallMs > SHORT_MS && wallMs > HOPELESS * least) return 0;
    return Math.min(rounds, Math.max(FEWEST_ROUNDS, Math.floor(BUDGET_MS / wallMs)));
  };
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (const contestant of contestants) {
      const most = round === -WARM_UPS ? rounds : roundsOf(contestant);
      if (round >= most || (round === -1 && most < rounds)) continue;
      if (round >= 0 && latest.get(contestant)!.wallMs < LEAD_IN_MS) await leadIn(contestant);
      const turn = await timedTurn(contestant);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      if (round === -WARM_UPS) first.set(contestant, turn);
      latest.set(contestant, turn);
      if (round >= 0) counted.get(contestant)!.push(turn);
    }
  }
  return Object.fromEntries(
    [...counted].map(([contestant, turns]) => [
      contestant.name,
      resultOf(contestant, turns.length > 0 ? turns : [first.get(contestant)!]),
    ]),
  );
}

/** Turns that do not count, for about {@link LEAD_IN_MS}. */
async function leadIn(contestant: Contestant): Promise<void> {
  const begin = performance.now();
  do await contestant.turn(); while (performance.now() - begin < LEAD_IN_MS);
}

/** Runs the contestants in turn without a warm-up. */
export async function takeColdTurns(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Record<string, Result>> {
  const turns = new Map<Contestant, Turn[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [contestant, taken] of turns) taken.push(await contestant.turn());
  }
  return Object.fromEntries(
    [...turns].map(([contestant, taken]) => [contestant.name, resultOf(contestant, taken)]),
  );
}

/** A turn with the time that it took here, all its steps together. */
interface TimedTurn extends Turn {
  readonly wallMs: number;
}

async function timedTurn(contestant: Contestant): Promise<TimedTurn> {
  const begin = performance.now();
  const turn = await contestant.turn();
  return { ...turn, wallMs: performance.now() - begin };
}

function resultOf({ family }: Contestant, turns: readonly Turn[]): Result {
  const ms = turns.map((turn) => turn.ms ?? Infinity);
  const cpuMs = turns.map((turn) => turn.cpuMs);
  const { nfe, peakBytes, importedBytes = null } = turns.at(-1)!;
  return {
    ...{ family, medianMs: median(ms), leastMs: Math.min(...ms) },
    cpuMs: cpuMs.includes(null) ? null : median(cpuMs as number[]),
    ...{ prepareMs: turns[0]!.prepareMs ?? null, nfe, peakBytes, importedBytes, ms },
  };
}

/** Times work in this process; `work` returns its field evaluations, or null if not counted. */
export async function timed(work: () => Promise<number | null> | number | null): Promise<Turn> {
  const begin = performance.now(), cpu = process.cpuUsage();
  const nfe = await work();
  const ms = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1e3, nfe, peakBytes: null };
}
