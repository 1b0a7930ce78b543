import type { Gpu, PooledBuffer } from "../../../../backends/gpu/mod.ts";
import { packedWeights } from "../packed_weights.ts";
import {
  partialSumBytes,
  pullBackPlanOn,
  recordReplay,
  replayProgram,
} from "../pull_back/record_pull_back.ts";
import type { SolveTask } from "../solved.ts";
import { solveProgram } from "../solve_wgsl.ts";
import { UnattendedSolve } from "../unattended_solve.ts";
import {
  chosenTiles,
  isSoftware,
  tiledShape,
  type Tiles,
  tilesKey,
  tilesOn,
} from "./chosen_tiles.ts";
import { CANDIDATE_TILES, type WantedTile } from "./thread_tile.ts";

/** Steps of a timed solve. */
const STEPS = 8;

/** A timing takes so many repetitions that the fixed time of a read does not count. */
const LEAST_MS = 60, MOST_REPETITIONS = 256;

/** Timings per candidate, of which the fastest counts. */
const ROUNDS = 3;

/** Work on the device: `record` it once, and `finish` what was recorded. */
export interface TimedWork {
  record(): void;
  finish(): Promise<void>;
}

/**
 * Index of the fastest of several kinds of work, in turns, so that all meet the same load. The first decides how
 * often each is repeated.
 *
 * @param clock Milliseconds, from any origin.
 */
export async function fastestOf(
  works: readonly TimedWork[],
  clock: () => number,
): Promise<number> {
  const time = async ({ record, finish }: TimedWork, repetitions: number) => {
    const begin = clock();
    for (let i = 0; i < repetitions; i++) record();
    await finish();
    return clock() - begin;
  };
  // The first of each compiles.
  for (const work of works) await time(work, 1);
  let repetitions = 1;
  while (
    repetitions < MOST_REPETITIONS && works.length > 1 &&
    await time(works[0]!, repetitions) < LEAST_MS
  ) repetitions *= 2;
  const least = works.map(() => Infinity);
  for (let round = 0; round < ROUNDS && works.length > 1; round++) {
    for (const [i, work] of works.entries()) {
      least[i] = Math.min(least[i]!, await time(work, repetitions));
    }
  }
  return works.length > 1 ? least.indexOf(Math.min(...least)) : 0;
}

/**
 * Times the tiles of a solve with records and of its pull-back, of the task's own shape, and chooses the
 * fastest: {@link tilesOn} has them afterwards. Weights and states are zeros, which take the time of others.
 *
 * @param clock Milliseconds, from any origin.
 * @throws {FailureError} If its buffers do not fit the device, or it fails.
 */
export async function timeTiles(
  gpu: Gpu,
  task: SolveTask,
  { clock, candidates = CANDIDATE_TILES }: {
    readonly clock: () => number;
    readonly candidates?: readonly WantedTile[];
  },
): Promise<Tiles> {
  const { field, y0: { shape: [rows, width] } } = task;
  const timed: SolveTask = {
    ...task,
    control: { kind: "fixed", steps: STEPS },
    keep: { kind: "records" },
  };
  const held: { release(): void }[] = [];
  const zeros = (numbers: number): PooledBuffer => {
    const buffer = gpu.scratch(4 * numbers);
    held.push(buffer);
    gpu.clear(buffer);
    return buffer;
  };
  try {
    const weights = zeros(4 * packedWeights(field).size);
    const probes = field.trace?.kind === "hutchinson" ? zeros(rows * field.dims) : null;
    const start = zeros(rows * width), y0 = zeros(rows * width);
    const operands = { weights, start, probes };
    const span = { t0: task.t0, t1: task.t1, dispatches: 1 };

    const solves = distinct(candidates, (tile) => {
      const solve = new UnattendedSolve(gpu, timed, { tile, cap: STEPS });
      held.push({ release: () => solve.dispose() });
      return { key: gpu.program(solveProgram(solve.plan.shape)), value: solve };
    });
    const solveTile = await fastestOf(
      solves.map(({ value: solve }) => ({
        record: () => void solve.record(operands, span),
        finish: () => finished(gpu, solve.controls),
      })),
      clock,
    );

    const { value: solve } = solves[solveTile]!;
    const chunks = solve.record(operands, span);
    const { records } = solve.plan;
    const shape = {
      ...tiledShape(task),
      stages: records!.slopes,
      chunkSteps: solve.plan.cap,
    };
    const replays = distinct(candidates, (tile) => {
      const plan = pullBackPlanOn(gpu, shape, { tile });
      const program = gpu.program(replayProgram(shape, plan));
      return { key: program, value: { plan, program } };
    });
    const inputs = { shape, tableau: task.tableau, weights, chunks, probes, cotangent: start };
    const sums = gpu.scratch(partialSumBytes(replays[0]!.value.plan));
    held.push(sums);
    const pullBackTile = await fastestOf(
      replays.map(({ value }) => ({
        record: () => void recordReplay(gpu, inputs, { ...value, sums, y0 }),
        finish: () => finished(gpu, solve.controls),
      })),
      clock,
    );
    const tiles = { solve: solves[solveTile]!.tile, pullBack: replays[pullBackTile]!.tile };
    chosenTiles(gpu).set(tilesKey(tiledShape(task)), tiles);
    return tiles;
  } finally {
    for (const one of held) one.release();
  }
}

/** Chooses tiles for a task where none are known, except on software adapters. */
export async function chooseTiles(
  gpu: Gpu,
  task: SolveTask,
  clock: () => number,
): Promise<Tiles> {
  const shape = tiledShape(task);
  if (isSoftware(gpu) || chosenTiles(gpu).has(tilesKey(shape))) return tilesOn(gpu, shape);
  return await timeTiles(gpu, task, { clock });
}

/** The candidates whose shaders are different. */
function distinct<T>(
  candidates: readonly WantedTile[],
  make: (tile: WantedTile) => { readonly key: unknown; readonly value: T },
): readonly { readonly tile: WantedTile; readonly value: T }[] {
  const made = new Map<unknown, { readonly tile: WantedTile; readonly value: T }>();
  for (const tile of candidates) {
    const { key, value } = make(tile);
    if (!made.has(key)) made.set(key, { tile, value });
  }
  return [...made.values()];
}

async function finished(gpu: Gpu, last: PooledBuffer): Promise<void> {
  await gpu.read(last);
}
