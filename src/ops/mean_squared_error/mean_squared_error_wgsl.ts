import { gridMain } from "../wgsl/grid.ts";
import { sumInWorkgroup } from "../wgsl/sum_in_workgroup.ts";

/** Threads per workgroup of all three shaders. */
export const ERROR_THREADS = 256;

/** Numbers per workgroup of {@link errorPartsShader}. */
export const NUMBERS_PER_PART = 16 * ERROR_THREADS;

/** WGSL that sums `sum` of all threads of a workgroup in a fixed order into `shares[0]`. */
const sumOfThreads = `
  shares[lid] = sum;${sumInWorkgroup(["shares"], { threads: ERROR_THREADS })}`;

const main = (body: string) => `
var<workgroup> shares: array<f32, ${ERROR_THREADS}>;

${gridMain(ERROR_THREADS)}
${body}
}
`;

/**
 * Sums of squared differences, one per {@link NUMBERS_PER_PART} numbers.
 *
 *   0  uniform     job    count
 *   1  read        a      [count]
 *   2  read        b      [count]
 *   3  read_write  parts  [ceil(count / NUMBERS_PER_PART)]
 */
export const errorPartsShader = `
@group(0) @binding(0) var<uniform> job: u32;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> parts: array<f32>;
${
  main(`  let count = job;
  var sum = 0.0;
  for (var k = 0u; k < ${NUMBERS_PER_PART / ERROR_THREADS}u; k++) {
    let i = workgroup * ${NUMBERS_PER_PART}u + k * ${ERROR_THREADS}u + lid;
    let at = min(i, count - 1u);
    let difference = a[at] - b[at];
    if (i < count) { sum = fma(difference, difference, sum); }
  }${sumOfThreads}
  if (lid == 0u && workgroup * ${NUMBERS_PER_PART}u < count) { parts[workgroup] = shares[0]; }`)
}`;

/**
 * Their mean, in one workgroup.
 *
 *   0  uniform     job    number of parts (u32), 1 / count
 *   1  read        parts  [parts]
 *   2  read_write  value  [1]
 */
export const errorMeanShader = `
struct Job { parts: u32, factor: f32 }
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read_write> value: array<f32>;
${
  main(`  var sum = 0.0;
  for (var i = lid; i < job.parts; i += ${ERROR_THREADS}u) { sum += parts[i]; }${sumOfThreads}
  if (lid == 0u && workgroup == 0u) { value[0] = shares[0] * job.factor; }`)
}`;

/**
 * The VJP.
 *
 *   0  uniform     job    count (u32), 2 / count
 *   1  read        a      [count]
 *   2  read        b      [count]
 *   3  read        dy     [1]
 *   4  read_write  da     [count]
 */
export const errorGradientShader = `
struct Job { count: u32, factor: f32 }
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> da: array<f32>;

${gridMain(ERROR_THREADS)}
  let i = workgroup * ${ERROR_THREADS}u + lid;
  if (i < job.count) { da[i] = dy[0] * job.factor * (a[i] - b[i]); }
}
`;
