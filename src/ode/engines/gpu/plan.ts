import {
  type DeviceLimits,
  MOST_ITERATIONS,
  MOST_WORKGROUP_BYTES,
  mostBindingBytes,
  programExcess,
} from "../../../backends/gpu/limits.ts";
import { sizeOf } from "../../../backends/gpu/programs.ts";
import { largestGroup } from "../../solver/control_groups.ts";
import type { Tableau } from "../../tableau.ts";
import type { SolveProblem, Support } from "../engine.ts";
import { directionsOf } from "./field_wgsl.ts";
import { tableauFor, usedSlopes } from "./job.ts";
import { packedWeights } from "./packed_weights.ts";
import { pullBackTileRows } from "./pull_back/plan.ts";
import { chunkBytes, type RecordShape, stepsThatFit } from "./records.ts";
import {
  attemptIterations,
  denseIterations,
  slopeRoomFor,
  solveProgram,
  type SolveShape,
  solveVariables,
} from "./solve_wgsl.ts";
import type { SolveTask } from "./solved.ts";
import {
  ALL_TILES,
  SMALL_TILE,
  tileFor,
  USUAL_TILE,
  type WantedTile,
} from "./tiles/thread_tile.ts";

/** How a solve is laid out on the device: a function of kinds and shapes. */
export interface SolvePlan {
  readonly shape: SolveShape;
  /** As the device uses it. */
  readonly tableau: Tableau;
  readonly rows: number;
  readonly width: number;
  /** Rows per control group, and groups. */
  readonly groupRows: number;
  readonly groups: number;
  /** Step attempts per group and dispatch; with records the same for all tiles of a device. */
  readonly cap: number;
  /** Null if no records are kept. */
  readonly records: RecordShape | null;
}

/** Rows of a control group at most. */
const MOST_GROUP_ROWS = 32;

/** The tolerance below which float32 states and times are too coarse. */
export const LEAST_TOLERANCE = 1e-6;

/** Threads that keep a compute unit busy; workgroups of small groups are filled up to them. */
const LEAST_THREADS = 32;

/** Attempts per dispatch at most: some tens of milliseconds on a slow device. */
const MOST_ATTEMPTS = 64;

/** Settings that change the speed, never the bits. */
export interface SolveTuning {
  /** Step attempts per group and dispatch, in place of those that stay below every known limit of loops. */
  readonly cap?: number;
  /** What a thread computes, as far as the shapes allow it. */
  readonly tile?: WantedTile;
}

/** 16,384 workgroups of 8 rows: a hundred per core of a large GPU, which end at different times. */
const ROWS_AT_ONCE = 2 ** 17;

/** Numbers of the states of these rows, at the end or at all kept times: an eighth of what every device can bind. */
const NUMBERS_AT_ONCE = 2 ** 22;

/** See `Engine.rowsAtOnce`. */
export function rowsAtOnce({ y0, keep }: Pick<SolveProblem, "y0" | "keep">): number {
  const kept = keep.kind === "times" ? Math.max(1, keep.times.length) : 1;
  return Math.min(ROWS_AT_ONCE, Math.floor(NUMBERS_AT_ONCE / (y0.shape[1] * kept)));
}

function powerOfTwoFrom(count: number): number {
  return 2 ** Math.ceil(Math.log2(count));
}

/** The plan for a problem over a fused field, whether the device can follow it or not. */
export function solvePlan(
  problem: SolveTask,
  limits: DeviceLimits,
  tuning: SolveTuning = {},
): SolvePlan {
  const { field: { dims, hidden, trace }, y0, controlGroup, keep } = problem;
  const [rows, width] = y0.shape;
  const tableau = tableauFor(problem), stages = tableau.c.length;
  const groupRows = largestGroup(rows, controlGroup);
  const groups = Math.ceil(rows / groupRows);
  const { quads } = packedWeights({ dims, hidden });
  const filled = Math.min(8, powerOfTwoFrom(Math.max(1, LEAST_THREADS / quads)));
  const tileRows = Math.max(filled, powerOfTwoFrom(groupRows));
  const untiled: Omit<SolveShape, "tile"> = {
    dims,
    hidden,
    trace: trace === null ? "none" : trace.kind,
    tileRows,
    slopeRoom: slopeRoomFor(stages),
  };
  const bytes = Math.min(limits.maxComputeWorkgroupStorageSize, MOST_WORKGROUP_BYTES);
  const columns = 1 + directionsOf(untiled);
  const shapeOf = (wanted: WantedTile): SolveShape => ({
    ...untiled,
    tile: tileFor(
      { tileRows, quads, columns },
      wanted,
      (tile) => solveVariables({ ...untiled, tile }).bytes <= bytes,
    ),
  });
  const shape = shapeOf(tuning.tile ?? USUAL_TILE);
  const records = keep.kind === "records"
    ? { groups, groupRows, dims, slopes: usedSlopes(tableau) }
    : null;
  const room = records === null ? Infinity : stepsThatFit(records, mostBindingBytes(limits));
  const times = keep.kind === "times" ? keep.times.length : 0;
  const fitting = (shape: SolveShape) => {
    const left = MOST_ITERATIONS - times * denseIterations(shape, problem.tableau);
    return Math.floor(left / attemptIterations(shape, stages));
  };
  // Sums of gradients depend on where chunks of records end: at the same steps for every tile, as tiles are chosen by time.
  const counted = records === null ? [shape] : [shape, ...ALL_TILES.map(shapeOf)];
  return {
    shape,
    tableau,
    rows,
    width,
    groupRows,
    groups,
    cap: Math.min(tuning.cap ?? Math.min(MOST_ATTEMPTS, ...counted.map(fitting)), room),
    records,
  };
}

/** Bytes of the largest buffer of a solve. */
function largestBytes({ rows, width, records, cap }: SolvePlan, times: number): number {
  const states = 4 * rows * width * Math.max(1, times);
  return Math.max(states, records === null ? 0 : chunkBytes(records, cap));
}

/** Whether the device can solve a problem: by kinds and shapes, and the tolerances. */
export function supports(problem: SolveProblem | SolveTask, limits: DeviceLimits): Support {
  const { field, control, keep, y0, controlGroup } = problem;
  if (field.kind !== "mlp") {
    return { kind: "no", reasons: [`it takes fields of kind mlp, not ${field.kind}`] };
  }
  const reasons: string[] = [];
  if (field.trace?.energies) reasons.push("it integrates no energies");
  const groupRows = largestGroup(y0.shape[0], controlGroup);
  if (groupRows > MOST_GROUP_ROWS) {
    reasons.push(`it takes control groups of at most ${MOST_GROUP_ROWS} rows, not ${groupRows}`);
  }
  const { dims, hidden } = field;
  const kind = field.trace === null ? "none" : field.trace.kind;
  if (control.kind === "adaptive") {
    const tolerance = Math.max(control.rtol, control.atol);
    if (tolerance < LEAST_TOLERANCE) {
      reasons.push(`its float32 takes tolerances from ${LEAST_TOLERANCE}, not ${tolerance}`);
    }
    if (problem.tableau.c.length < 2) reasons.push("it takes adaptive steps of two stages or more");
  }
  if (reasons.length > 0) return { kind: "no", reasons };
  // The tile with most threads and most iterations.
  const plan = solvePlan({ ...problem, field }, limits, { tile: SMALL_TILE });
  const excess = programExcess(sizeOf(solveProgram(plan.shape)), limits);
  const times = keep.kind === "times" ? keep.times.length : 0;
  if (plan.records !== null) {
    const { groupRows, slopes: stages } = plan.records;
    const workgroupBytes = limits.maxComputeWorkgroupStorageSize;
    if (pullBackTileRows({ dims, hidden, trace: kind, groupRows, stages }, workgroupBytes) === 0) {
      excess.push(`too much workgroup memory for its gradient, the device has ${workgroupBytes}`);
    }
  }
  if (plan.cap < 1) {
    excess.push(`one step of ${plan.rows} rows and ${times} times is too much for a dispatch`);
  }
  const bytes = largestBytes(plan, times), most = mostBindingBytes(limits);
  if (bytes > most) excess.push(`${bytes} bytes in a buffer, the device has ${most}`);
  if (excess.length === 0) return { kind: "yes" };
  return {
    kind: "no",
    reasons: [`a network of width ${hidden} over ${dims} dimensions takes ${excess.join(" and ")}`],
  };
}
