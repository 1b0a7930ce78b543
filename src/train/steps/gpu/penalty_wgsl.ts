import type { ProgramSource } from "../../../backends/gpu/mod.ts";
import { EXPONENT, STEP, TOLERANCE } from "../../../flows/losses/step_prediction.ts";
import {
  BATCH_THREADS,
  EXAMINE_BYTES,
  EXAMINE_WGSL,
  examineIterations,
  iterationsOver,
} from "./examine_wgsl.ts";

const WIDEN_THREADS = 64;

/**
 * Rows [rows, dims] with a column of zeros for the change of log-density: [rows, dims + 1].
 *
 *   0  read        from
 *   1  read_write  to
 */
export function widenProgram(dims: number): ProgramSource {
  return {
    name: "widen",
    code: `
@group(0) @binding(0) var<storage, read> narrow: array<f32>;
@group(0) @binding(1) var<storage, read_write> wide: array<f32>;

@compute @workgroup_size(${WIDEN_THREADS})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < arrayLength(&wide); i += ${WIDEN_THREADS}u * grid.x) {
    let row = i / ${dims + 1}u; let d = i % ${dims + 1}u;
    var value = 0.0;
    if (d < ${dims}u) { value = narrow[row * ${dims}u + d]; }
    wide[i] = value;
  }
}
`,
    bindings: ["read", "readWrite"],
    threads: WIDEN_THREADS,
    workgroupBytes: 0,
  };
}

/** Workgroups of {@link widenProgram} for so many rows. */
export function widenWorkgroups(dims: number, rows: number): number {
  return Math.min(256, Math.ceil(rows * (dims + 1) / WIDEN_THREADS));
}

/** A float32 literal. */
const f32 = (value: number) => `${Math.fround(value)}f`;

/**
 * The predicted number of steps (flows/losses/step_prediction.ts) from both ends of a step that adds an
 * error, with `weight` times its cotangents, and what became of the solve that led there: one workgroup, a
 * thread per control group.
 *
 *   0  uniform     job       rows, groups, groupRows, place (u32), weight
 *   1  read        start     [rows, dims + 1]
 *   2  read        end       [rows, dims + 1]
 *   3  read        groups    [groups]
 *   4  read_write  ofEnd     [rows, dims + 1]
 *   5  read_write  late      figures.ts
 *   6  read_write  failed    [groups], written if a group failed first here
 */
export function penaltyProgram(dims: number): ProgramSource {
  const power = EXPONENT / 2, width = dims + 1;
  return {
    name: "predicted steps",
    code: `
struct Job { rows: u32, groups: u32, groupRows: u32, place: u32, weight: f32 }
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> start: array<f32>;
@group(0) @binding(2) var<storage, read> end: array<f32>;
@group(0) @binding(3) var<storage, read> groups: array<Control>;
@group(0) @binding(4) var<storage, read_write> ofEnd: array<f32>;
@group(0) @binding(5) var<storage, read_write> late: Late;
@group(0) @binding(6) var<storage, read_write> failed: array<Control>;
${EXAMINE_WGSL}
fn scaledError(at: u32) -> f32 { return (end[at] - start[at]) * ${f32(1 / TOLERANCE)}; }

@compute @workgroup_size(${BATCH_THREADS})
fn main(@builtin(local_invocation_index) lid: u32) {
  examine(lid, job.groups, UNFINISHED_PREFIX, FAILED_PREFIX);
  let share = ${f32(1 / STEP)} / f32(job.groups);
  var sum = 0.0;
  for (var g = lid; g < job.groups; g += ${BATCH_THREADS}u) {
    let first = g * job.groupRows;
    let last = min(first + job.groupRows, job.rows);
    var squares = vec2f(0.0);
    for (var row = first; row < last; row++) {
      for (var c = 0u; c < ${width}u; c++) {
        let e = scaledError(row * ${width}u + c);
        if (c < ${dims}u) { squares.x = fma(e, e, squares.x); } else { squares.y = fma(e, e, squares.y); }
      }
    }
    let counts = f32(last - first) * vec2f(${dims}.0, 1.0);
    let means = squares / counts;
    if (!isFinite(means.x) || !isFinite(means.y)) { atomicOr(&found, PENALTY_NOT_FINITE); }
    let isOfZ = means.x >= means.y;
    let larger = 1.0 + max(means.x, means.y);
    let root = pow(larger, ${f32(power)});
    sum += root;
    let slope = job.weight * share * ${
      f32(2 * power / TOLERANCE)
    } * root / (larger * select(counts.y, counts.x, isOfZ));
    for (var row = first; row < last; row++) {
      for (var c = 0u; c < ${width}u; c++) {
        let at = row * ${width}u + c;
        ofEnd[at] = select(0.0, slope * scaledError(at), (c < ${dims}u) == isOfZ);
      }
    }
  }
  let total = sumOfThreads(lid, sum);
  if (lid == 0u) {
    let verdict = earlier | atomicLoad(&found);
    late.figures[job.place].predictedSteps = total * share;
    late.figures[job.place].prefixAttempts = atomicLoad(&attempts);
    late.figures[job.place].verdict = verdict;
    late.verdict = verdict;
  }
  keepFailed(lid, job.groups);
}
`,
    bindings: [
      ...["uniform", "read", "read", "read"] as const,
      ...["readWrite", "readWrite", "readWrite"] as const,
    ],
    threads: BATCH_THREADS,
    workgroupBytes: EXAMINE_BYTES,
  };
}

/** Loop iterations of a thread of {@link penaltyProgram} or {@link widenProgram}, whichever has more. */
export function penaltyIterations(
  { dims, rows, groups, groupRows }: {
    readonly dims: number;
    readonly rows: number;
    readonly groups: number;
    readonly groupRows: number;
  },
): number {
  const ofGroup = 2 * groupRows * (1 + dims + 1);
  const widening = rows * (dims + 1) / (WIDEN_THREADS * widenWorkgroups(dims, rows));
  return Math.max(examineIterations(groups) + iterationsOver(groups, ofGroup), Math.ceil(widening));
}
