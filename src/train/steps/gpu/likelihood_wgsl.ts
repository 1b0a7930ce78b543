import type { ProgramSource } from "../../../backends/gpu/mod.ts";
import {
  BATCH_THREADS,
  EXAMINE_BYTES,
  EXAMINE_WGSL,
  examineIterations,
  iterationsOver,
} from "./examine_wgsl.ts";

/**
 * Mean negative log-likelihood of a batch from its solved states (z(1), change of log-density), with its
 * cotangent and what became of the solve: one workgroup.
 *
 *   loss = mean(change + |z|^2 / 2) + dims / 2 log(2 pi)         (flows/losses/cnf_loss.ts, standard normal source)
 *
 *   0  uniform     job        rows, groups, place, steps done with this one (u32), dims / 2 log(2 pi)
 *   1  read        ends       [rows, dims + 1]
 *   2  read        groups     [groups]
 *   3  read_write  cotangent  [rows, dims + 1], of `ends`
 *   4  read_write  late       figures.ts
 *   5  read_write  failed     [groups], written if a group failed first in this step
 */
export function likelihoodProgram(dims: number): ProgramSource {
  return {
    name: "likelihood",
    code: `
struct Job { rows: u32, groups: u32, place: u32, step: u32, normalizer: f32 }
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> ends: array<f32>;
@group(0) @binding(2) var<storage, read> groups: array<Control>;
@group(0) @binding(3) var<storage, read_write> cotangent: array<f32>;
@group(0) @binding(4) var<storage, read_write> late: Late;
@group(0) @binding(5) var<storage, read_write> failed: array<Control>;
${EXAMINE_WGSL}
@compute @workgroup_size(${BATCH_THREADS})
fn main(@builtin(local_invocation_index) lid: u32) {
  examine(lid, job.groups, UNFINISHED, FAILED);
  let share = 1.0 / f32(job.rows);
  var sum = 0.0;
  for (var row = lid; row < job.rows; row += ${BATCH_THREADS}u) {
    let at = row * ${dims + 1}u;
    var square = 0.0;
    for (var d = 0u; d < ${dims}u; d++) {
      let z = ends[at + d];
      square = fma(z, z, square);
      cotangent[at + d] = share * z;
    }
    sum += fma(0.5, square, ends[at + ${dims}u]);
    cotangent[at + ${dims}u] = share;
  }
  let total = sumOfThreads(lid, sum);
  if (lid == 0u) {
    let loss = fma(total, share, job.normalizer);
    var verdict = earlier | atomicLoad(&found);
    if (!isFinite(loss)) { verdict |= LOSS_NOT_FINITE; }
    late.figures[job.place] =
      Figures(job.step, loss, 0.0, atomicLoad(&nfe), atomicLoad(&attempts), 0u, verdict);
    late.verdict = verdict;
  }
  keepFailed(lid, job.groups);
}
`,
    bindings: ["uniform", "read", "read", "readWrite", "readWrite", "readWrite"],
    threads: BATCH_THREADS,
    workgroupBytes: EXAMINE_BYTES,
  };
}

/** Loop iterations of a thread of {@link likelihoodProgram}, which nothing would say were cut short. */
export function likelihoodIterations(
  { dims, rows, groups }: { readonly dims: number; readonly rows: number; readonly groups: number },
): number {
  return examineIterations(groups) + iterationsOver(rows, dims);
}
