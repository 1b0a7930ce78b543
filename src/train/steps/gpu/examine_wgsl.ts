import { CONTROL_WGSL, groupStatus } from "../../../ode/engines/gpu/control.ts";
import { IS_FINITE_WGSL } from "../../../ode/engines/gpu/prelude_wgsl.ts";
import { sumInWorkgroup } from "../../../ops/wgsl/sum_in_workgroup.ts";
import { FIGURES_WGSL } from "./figures.ts";

/** Threads of the kernels that look at a whole batch: one workgroup, whose sums have a fixed order. */
export const BATCH_THREADS = 256;

/**
 * WGSL shared by the kernels that look at a whole batch. The shader has `groups` (the states of a solve's groups),
 * `failed` (those of the first solve that failed) and `late` (figures.ts).
 *
 * `examine(lid, count, unfinished, failedBit)` counts evaluations and attempts and finds bits of the verdict;
 * `sumOfThreads(lid, value)` is called after it and has the barriers; `keepFailed(lid, count)` comes last.
 */
export const EXAMINE_WGSL = `
${CONTROL_WGSL}
${FIGURES_WGSL}
var<workgroup> shares: array<f32, ${BATCH_THREADS}>;
var<workgroup> earlier: u32;
var<workgroup> found: atomic<u32>;
var<workgroup> nfe: atomic<u32>;
var<workgroup> attempts: atomic<u32>;

${IS_FINITE_WGSL}

fn examine(lid: u32, count: u32, unfinished: u32, failedBit: u32) {
  if (lid == 0u) { earlier = late.verdict; }
  for (var g = lid; g < count; g += ${BATCH_THREADS}u) {
    let state = groups[g];
    atomicAdd(&nfe, state.nfe);
    atomicMax(&attempts, state.accepted + state.rejected);
    if (state.status < ${groupStatus.finished}u) { atomicOr(&found, unfinished); }
    if (state.status > ${groupStatus.finished}u) { atomicOr(&found, failedBit); }
  }
}

fn sumOfThreads(lid: u32, value: f32) -> f32 {
  shares[lid] = value;${sumInWorkgroup(["shares"], { threads: BATCH_THREADS })}
  return shares[0];
}

fn keepFailed(lid: u32, count: u32) {
  let bits = FAILED | FAILED_PREFIX;
  if ((earlier & bits) != 0u || (atomicLoad(&found) & bits) == 0u) { return; }
  for (var g = lid; g < count; g += ${BATCH_THREADS}u) { failed[g] = groups[g]; }
}
`;

/** Bytes of the variables of {@link EXAMINE_WGSL} in workgroup memory. */
export const EXAMINE_BYTES = 4 * BATCH_THREADS + 4 * 16;

/** Iterations of a thread that takes every {@link BATCH_THREADS}th of `count`, each with `inner` loop iterations. */
export function iterationsOver(count: number, inner = 0): number {
  return Math.ceil(count / BATCH_THREADS) * (1 + inner);
}

/** Iterations of a thread in the loops of {@link EXAMINE_WGSL}. */
export function examineIterations(groups: number): number {
  return 2 * iterationsOver(groups);
}
