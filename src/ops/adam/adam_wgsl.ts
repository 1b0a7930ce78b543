import { gridMain } from "../wgsl/grid.ts";
import { sumInWorkgroup } from "../wgsl/sum_in_workgroup.ts";
import { BETA1, BETA2, CLIP_EPSILON, EPSILON } from "./contract.ts";

/** Threads per workgroup of both shaders. */
export const ADAM_THREADS = 256;

/** Numbers per workgroup of {@link squaresShader}. */
export const SQUARES_PER_WORKGROUP = 4 * ADAM_THREADS;

/** WGSL that sums `sum` of all threads of a workgroup in a fixed order; each has the result as `total`. */
const sumOfThreads = `
  shares[lid] = sum;${sumInWorkgroup(["shares"], { threads: ADAM_THREADS })}
  let total = shares[0];`;

/**
 * Sums of squares of a vector, one per {@link SQUARES_PER_WORKGROUP} numbers.
 *
 *   0  uniform     job      n
 *   1  read        values   [n]
 *   2  read_write  squares  [workgroups]
 */
export const squaresShader = `
@group(0) @binding(0) var<uniform> job: u32;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> squares: array<f32>;

var<workgroup> shares: array<f32, ${ADAM_THREADS}>;

${gridMain(ADAM_THREADS)}
  let count = job;
  let first = workgroup * ${SQUARES_PER_WORKGROUP}u + lid;
  var sum = 0.0;
${
  [0, 1, 2, 3].map((i) => {
    const at = `first + ${i * ADAM_THREADS}u`;
    return `  { let x = values[min(${at}, count - 1u)]; sum += select(0.0, x * x, ${at} < count); }`;
  }).join("\n")
}
${sumOfThreads}
  if (lid == 0u && workgroup < arrayLength(&squares)) { squares[workgroup] = total; }
}
`;

/** Every workgroup sums the squares anew, which costs less than a dispatch. */
const main = `
struct Job { count: u32, clip: f32, weightDecay: f32, secondScale: f32, rate: f32, averageDecay: f32 }

var<workgroup> shares: array<f32, ${ADAM_THREADS}>;

${gridMain(ADAM_THREADS)}
  var sum = 0.0;
  for (var i = lid; i < arrayLength(&squares); i += ${ADAM_THREADS}u) { sum += squares[i]; }
${sumOfThreads}
  let i = workgroup * ${ADAM_THREADS}u + lid;
  if (i >= job.count) { return; }`;

const update = `
  // A norm that is not finite reaches the weights, as elsewhere.
  let scale = job.clip / (sqrt(total) + ${CLIP_EPSILON});
  let factor = select(1.0, scale, job.clip > 0.0 && !(scale >= 1.0));
  let w = weights[i];
  let g = fma(gradient[i], factor, job.weightDecay * w);
  let nextM = fma(${BETA1}, m[i], ${1 - BETA1} * g);
  let nextV = fma(${BETA2}, v[i], ${1 - BETA2} * g * g);
  let next = w - job.rate * nextM / fma(sqrt(nextV), job.secondScale, ${EPSILON});`;

const nextAverage = "fma(job.averageDecay, average[i], (1.0 - job.averageDecay) * next)";

function bindingsOf(inputs: readonly string[], outputs: readonly string[]): string {
  const all = [
    ...inputs.map((name) => ["read", name]),
    ...outputs.map((name) => ["read_write", name]),
  ];
  const storage = all.map(([access, name], i) =>
    `@group(0) @binding(${i + 1}) var<storage, ${access}> ${name}: array<${
      name === "verdict" ? "u32" : "f32"
    }>;`
  );
  return ["@group(0) @binding(0) var<uniform> job: Job;", ...storage].join("\n");
}

/**
 * A step of Adam (formulas: adam_step.ts), a thread per number.
 *
 *   0  uniform     job                     n (u32), clip, weightDecay, secondScale, rate, averageDecay
 *   1  read        squares                 [any], sums of squares of parts of the gradient
 *   2  read        gradient, weights, m, v and the average if there is one  [n]
 *   .  read_write  the next weights, m, v and average                       [n]
 */
export function adamShader({ hasAverage }: { readonly hasAverage: boolean }): string {
  const state = adamState({ hasAverage });
  return `
${bindingsOf(["squares", "gradient", ...state], state.map((name) => `${name}Next`))}
${main}
${update}
  weightsNext[i] = next;
  mNext[i] = nextM;
  vNext[i] = nextV;
${hasAverage ? `  averageNext[i] = ${nextAverage};` : ""}
}
`;
}

/**
 * {@link adamShader} in place, for steps that nobody looks at in between: unless the first word of
 * `verdict` is zero it changes nothing.
 *
 *   0  uniform     job       as there
 *   1  read        squares, gradient, verdict [1 or more]
 *   .  read_write  weights, m, v and the average if there is one  [n]
 */
export function guardedAdamShader({ hasAverage }: { readonly hasAverage: boolean }): string {
  return `
${bindingsOf(["squares", "gradient", "verdict"], adamState({ hasAverage }))}
${main}
  if (verdict[0] != 0u) { return; }
${update}
  weights[i] = next;
  m[i] = nextM;
  v[i] = nextV;
${hasAverage ? `  average[i] = ${nextAverage};` : ""}
}
`;
}

/** Names of the state in the order of bindings and outputs. */
export function adamState({ hasAverage }: { readonly hasAverage: boolean }): string[] {
  return ["weights", "m", "v", ...(hasAverage ? ["average"] : [])];
}
