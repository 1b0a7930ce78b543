import type { Tensor2D } from "../../../core/tensors.ts";
import { FLOW_PAIRS, type FlowPairsSettings } from "../../../ops/flow_pairs/flow_pairs.ts";
import type { KernelCall } from "../../../threads/wasm.ts";
import type { Gpu } from "../gpu.ts";
import { gridMain } from "../../../ops/wgsl/grid.ts";
import type { ProgramSource } from "../programs.ts";
import { DRAW_FIELDS_WGSL, drawJob } from "../random/draw_job.ts";
import { PHILOX_WGSL, RANDOM_NUMBERS_WGSL } from "../random/numbers_wgsl.ts";
import { replaceGpuKernel } from "../replace_gpu_kernel.ts";

interface FlowPairsCall extends KernelCall<"x1", FlowPairsSettings> {
  readonly inputs: { readonly x1: Tensor2D };
}

const THREADS = 64;

/** A thread draws the four numbers of a block, which may belong to two rows or more. */
const source: ProgramSource = {
  name: "flow pairs",
  code: `
struct Job { ${DRAW_FIELDS_WGSL}, width: u32 }
@group(0) @binding(0) var<storage, read> job: Job;
@group(0) @binding(1) var<storage, read> coefficients: array<vec4f>;
@group(0) @binding(2) var<storage, read> x1: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
@group(0) @binding(4) var<storage, read_write> slope: array<f32>;
${PHILOX_WGSL}
${RANDOM_NUMBERS_WGSL}

fn pair(i: u32, x0: f32) {
  // An index before the first number wraps to a large one.
  if (i >= job.count) { return; }
  let c = coefficients[i / job.width];
  let data = x1[i];
  x[i] = fma(c.x, data, c.y * x0);
  slope[i] = fma(c.z, data, c.w * x0);
}

${gridMain(THREADS)}
  let block = ${THREADS}u * workgroup + lid;
  let drawn = normalsOf(philox(philoxBlock(job.first, block), job.key));
  let at = 4u * block - job.skipped;
  pair(at, drawn.x);
  pair(at + 1u, drawn.y);
  pair(at + 2u, drawn.z);
  pair(at + 3u, drawn.w);
}
`,
  bindings: ["read", "read", "read", "readWrite", "readWrite"],
  threads: THREADS,
  workgroupBytes: 0,
};

/** x and target, in one dispatch. */
function flowPairsOn(
  gpu: Gpu,
  { x1, key, start, coefficients }: FlowPairsSettings & { readonly x1: Tensor2D },
): Tensor2D[] {
  const [rows, width] = x1.shape;
  const isIndex = Number.isSafeInteger(start) && start >= 0 &&
    Number.isSafeInteger(start + x1.size);
  if (x1.size === 0 || coefficients.length !== 4 * rows || !isIndex) {
    throw new RangeError(
      `${FLOW_PAIRS}: expected rows, four coefficients of each and numbers below index 2^53, got ` +
        `[${x1.shape}], ${coefficients.length} and ${start}`,
    );
  }
  const { words, blocks } = drawJob({ key, start, count: x1.size }, width);
  using job = gpu.upload(words);
  using uploaded = gpu.upload(coefficients);
  const x = gpu.tensor<Tensor2D>(x1.shape), target = gpu.tensor<Tensor2D>(x1.shape);
  const operands = [job, uploaded, x1, x, target];
  gpu.record(gpu.program(source), operands, Math.ceil(blocks / THREADS));
  return [x, target];
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
    ({ inputs, attrs }: FlowPairsCall) => flowPairsOn(gpu(), { ...inputs, ...attrs }),
  );
}
