import type { Tensor1D, Tensor2D } from "../../../core/tensors.ts";
import {
  FLOW_PAIRS,
  type FlowPairsSettings,
  TIMED_FLOW_PAIRS,
  type TimedFlowPairsSettings,
} from "../../../ops/flow_pairs/flow_pairs.ts";
import type { KernelCall } from "../../../threads/wasm.ts";
import type { Gpu } from "../gpu.ts";
import { gridMain } from "../../../ops/wgsl/grid.ts";
import type { ProgramSource } from "../programs.ts";
import { DRAW_FIELDS_WGSL, drawJob } from "../random/draw_job.ts";
import { PHILOX_WGSL, RANDOM_NUMBERS_WGSL } from "../random/numbers_wgsl.ts";
import { replaceGpuKernel } from "../replace_gpu_kernel.ts";

interface FlowPairsCall<Settings> extends KernelCall<"x1", Settings> {
  readonly inputs: { readonly x1: Tensor2D };
}

const THREADS = 64;

/** Coefficients of a row: the host's, or of the straight path at a time that is drawn. */
const coefficientsOf = {
  given: `
@group(0) @binding(4) var<storage, read> coefficients: array<vec4f>;

fn coefficientsOf(row: u32) -> vec4f { return coefficients[row]; }
`,
  timed: `
@group(0) @binding(4) var<storage, read_write> times: array<f32>;

fn coefficientsOf(row: u32) -> vec4f {
  let t = uniformOf(wordOf(row + job.times.skipped, job.times.first, job.times.key));
  let slope = bitcast<f32>(job.times.own);
  // Rounded after each operation on the host; a device may fuse them.
  return vec4f(t, 1.0 - slope * t, 1.0, -slope);
}
`,
} as const;

/** A thread draws the four numbers of a block, which may belong to two rows or more. */
function program(kind: keyof typeof coefficientsOf): ProgramSource {
  const isTimed = kind === "timed";
  return {
    name: isTimed ? "flow pairs and times" : "flow pairs",
    code: `
struct Draw { ${DRAW_FIELDS_WGSL}, own: u32 }
struct Job { noise: Draw${isTimed ? ", times: Draw" : ""} }
@group(0) @binding(0) var<storage, read> job: Job;
@group(0) @binding(1) var<storage, read> x1: array<f32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> slope: array<f32>;
${PHILOX_WGSL}
${RANDOM_NUMBERS_WGSL}
${coefficientsOf[kind]}
/** Coefficients of the row of the last number: most blocks lie in one row. */
var<private> row: u32;
var<private> c: vec4f;

fn pair(i: u32, x0: f32) {
  // An index before the first number wraps to a large one.
  if (i >= job.noise.count) { return; }
  let width = job.noise.own;
  if (i / width != row) {
    row = i / width;
    c = coefficientsOf(row);
  }
${isTimed ? "  if (i == row * width) { times[row] = c.x; }\n" : ""}  let data = x1[i];
  x[i] = fma(c.x, data, c.y * x0);
  slope[i] = fma(c.z, data, c.w * x0);
}

${gridMain(THREADS)}
  let block = ${THREADS}u * workgroup + lid;
  let drawn = normalsOf(philox(philoxBlock(job.noise.first, block), job.noise.key));
  let at = 4u * block - job.noise.skipped;
  row = 0xffffffffu;
  pair(at, drawn.x);
  pair(at + 1u, drawn.y);
  pair(at + 2u, drawn.z);
  pair(at + 3u, drawn.w);
}
`,
    bindings: ["read", "read", "readWrite", "readWrite", isTimed ? "readWrite" : "read"],
    threads: THREADS,
    workgroupBytes: 0,
  };
}

const given = program("given"), timed = program("timed");

/** Whether there are data, and numbers from `start` for all of them. */
function isDrawable(x1: Tensor2D, start: number): boolean {
  return x1.size > 0 && Number.isSafeInteger(start) && start >= 0 &&
    Number.isSafeInteger(start + x1.size);
}

/** x and target, in one dispatch. */
function flowPairsOn(
  gpu: Gpu,
  { x1, key, start, coefficients }: FlowPairsSettings & { readonly x1: Tensor2D },
): Tensor2D[] {
  const [rows, width] = x1.shape;
  if (!isDrawable(x1, start) || coefficients.length !== 4 * rows) {
    throw new RangeError(
      `${FLOW_PAIRS}: expected rows, four coefficients of each and numbers below index 2^53, got ` +
        `[${x1.shape}], ${coefficients.length} and ${start}`,
    );
  }
  const { words, blocks } = drawJob({ key, start, count: x1.size }, width);
  using job = gpu.upload(words);
  using uploaded = gpu.upload(coefficients);
  const x = gpu.tensor<Tensor2D>(x1.shape), target = gpu.tensor<Tensor2D>(x1.shape);
  const operands = [job, x1, x, target, uploaded];
  gpu.record(gpu.program(given), operands, Math.ceil(blocks / THREADS));
  return [x, target];
}

/** x, target and times, in one dispatch. */
function timedFlowPairsOn(
  gpu: Gpu,
  { x1, key, start, times, slope }: TimedFlowPairsSettings & { readonly x1: Tensor2D },
): [Tensor2D, Tensor2D, Tensor1D] {
  const [rows, width] = x1.shape;
  if (!isDrawable(x1, start) || !isDrawable(x1, times.first) || !Number.isFinite(slope)) {
    throw new RangeError(
      `${TIMED_FLOW_PAIRS}: expected rows, numbers below index 2^53 and a finite slope, got ` +
        `[${x1.shape}], ${start}, ${times.first} and ${slope}`,
    );
  }
  const { words, blocks } = drawJob({ key, start, count: x1.size }, width);
  const [slopeBits] = new Uint32Array(Float32Array.of(slope).buffer) as unknown as [number];
  const ofTimes = drawJob({ key: times.key, start: times.first, count: rows }, slopeBits);
  using job = gpu.upload(Uint32Array.of(...words, ...ofTimes.words));
  const x = gpu.tensor<Tensor2D>(x1.shape), target = gpu.tensor<Tensor2D>(x1.shape);
  const drawn = gpu.tensor<Tensor1D>([rows]);
  gpu.record(gpu.program(timed), [job, x1, x, target, drawn], Math.ceil(blocks / THREADS));
  return [x, target, drawn];
}

/**
 * Registers the points of flow matching with tfjs's backend of a GPU, whose noise is within 2e-6 of the
 * CPU's.
 *
 * @param gpu Called at each use.
 */
export function registerGpuFlowPairs(
  backendName: string,
  { gpu }: { readonly gpu: () => Gpu },
): void {
  replaceGpuKernel(
    backendName,
    FLOW_PAIRS,
    ({ inputs, attrs }: FlowPairsCall<FlowPairsSettings>) =>
      flowPairsOn(gpu(), { ...inputs, ...attrs }),
  );
  replaceGpuKernel(
    backendName,
    TIMED_FLOW_PAIRS,
    ({ inputs, attrs }: FlowPairsCall<TimedFlowPairsSettings>) =>
      timedFlowPairsOn(gpu(), { ...inputs, ...attrs }),
  );
}
