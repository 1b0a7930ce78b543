import { gridMain } from "../../../../ops/wgsl/grid.ts";
import { range } from "../../../../ops/wgsl/lines.ts";

/** Parameters per workgroup of the reduction. */
export const REDUCED_PER_WORKGROUP = 32;

/** Threads that share a parameter's partial sums. */
const SHARES = 8;

/** Loads in flight per thread: a loop of single ones would wait for memory each time. */
const AT_ONCE = 4;

/** Bit of a verdict: a pull-back was cut short. */
export const CUT_SHORT = 1;

/** Threads per workgroup. */
export const REDUCTION_THREADS = REDUCED_PER_WORKGROUP * SHARES;

/**
 * The parameter gradient, flat in device order, from its partial sums; NaN if a pull-back was cut short. The
 * order of the sums is fixed: thread s of a parameter adds the partial sums s, s + 8, ..., then the eight
 * are added in order.
 *
 * @param of `gradientAndNotes`: every workgroup also leaves the sum of squares of its part, and the first word
 *   of `verdict` gets {@link CUT_SHORT} if a pull-back was cut short.
 */
export function reductionShader(of: "gradient" | "gradientAndNotes"): string {
  const hasNotes = of === "gradientAndNotes";
  return `
struct Reduction { parameters: u32, partialSums: u32, partialSumSize: u32, quietNan: u32 }
@group(0) @binding(0) var<storage, read> job: Reduction;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read> places: array<u32>;
@group(0) @binding(3) var<storage, read> progress: array<u32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<f32>;
${
    hasNotes
      ? `
@group(0) @binding(5) var<storage, read_write> squares: array<f32>;
@group(0) @binding(6) var<storage, read_write> verdict: array<u32>;
`
      : ""
  }
var<workgroup> shares: array<f32, ${REDUCTION_THREADS}>;

${gridMain(REDUCTION_THREADS)}
  let i = workgroup * ${REDUCED_PER_WORKGROUP}u + lid % ${REDUCED_PER_WORKGROUP}u;
  let place = places[min(i, job.parameters - 1u)];
  var total = 0.0;
  for (var s = lid / ${REDUCED_PER_WORKGROUP}u; s < job.partialSums; s += ${SHARES * AT_ONCE}u) {
${
    range(AT_ONCE).map((k) =>
      `    let x${k} = sums[min(s + ${
        SHARES * k
      }u, job.partialSums - 1u) * job.partialSumSize + place];`
    ).join("\n")
  }
${
    range(AT_ONCE).map((k) =>
      `    total += select(0.0, x${k}, s + ${SHARES * k}u < job.partialSums);`
    ).join("\n")
  }
  }
  shares[lid] = total;
  workgroupBarrier();
  if (lid < ${REDUCED_PER_WORKGROUP}u) {
    var sum = shares[lid];
${
    range(SHARES - 1).map((k) => `    sum += shares[lid + ${(k + 1) * REDUCED_PER_WORKGROUP}u];`)
      .join("\n")
  }
    if (progress[0] != 0u) { sum = bitcast<f32>(job.quietNan); }
    if (i < job.parameters) { gradient[i] = sum; }
${hasNotes ? "    shares[lid] = select(0.0, sum * sum, i < job.parameters);" : ""}
  }
${
    hasNotes
      ? `
  workgroupBarrier();
  if (lid == 0u) {
    var sum = shares[0];
${range(REDUCED_PER_WORKGROUP - 1).map((k) => `    sum += shares[${k + 1}];`).join("\n")}
    if (workgroup < arrayLength(&squares)) { squares[workgroup] = sum; }
    if (workgroup == 0u && progress[0] != 0u) { verdict[0] |= ${CUT_SHORT}u; }
  }
`
      : ""
  }}
`;
}
