import type { PooledBuffer } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { gridMain } from "../../../ops/wgsl/grid.ts";
import type { ProgramSource } from "../programs.ts";
import { type Draw, DRAW_FIELDS_WGSL, drawJob } from "./draw_job.ts";
import { PHILOX_WGSL, RANDOM_NUMBERS_WGSL } from "./numbers_wgsl.ts";

/** Random numbers to draw. */
export interface RandomNumbers extends Draw {
  /** Standard normal numbers, or +1 and -1 with equal probability. */
  readonly distribution: "gaussian" | "rademacher";
}

const THREADS = 64;

/** A thread draws the four numbers of a block. */
const source: ProgramSource = {
  name: "random numbers",
  code: `
struct Draw { ${DRAW_FIELDS_WGSL}, isNormal: u32 }
@group(0) @binding(0) var<storage, read> job: Draw;
@group(0) @binding(1) var<storage, read_write> numbers: array<f32>;
${PHILOX_WGSL}
${RANDOM_NUMBERS_WGSL}

${gridMain(THREADS)}
  let block = ${THREADS}u * workgroup + lid;
  let words = philox(philoxBlock(job.first, block), job.key);
  let drawn = select(signsOf(words), normalsOf(words), job.isNormal == 1u);
  // The first block may begin before the first number; an index below zero wraps to a large one.
  let at = 4u * block - job.skipped;
${
    ["x", "y", "z", "w"].map((component, i) =>
      `  if (at + ${i}u < job.count) { numbers[at + ${i}u] = drawn.${component}; }`
    ).join("\n")
  }
}
`,
  bindings: ["read", "readWrite"],
  threads: THREADS,
  workgroupBytes: 0,
};

/**
 * Records the drawing of random numbers: those of `fillSigns`, bit for bit, or of `fillNormal` within 2e-6.
 *
 * @returns [count], released by the caller.
 * @throws {FailureError} If the buffer exceeds the device's limits.
 */
export function drawOnGpu(
  gpu: Gpu,
  { distribution, ...draw }: RandomNumbers,
): PooledBuffer {
  const { words, blocks } = drawJob(draw, Number(distribution === "gaussian"));
  using job = gpu.upload(words);
  const numbers = gpu.scratch(4 * draw.count);
  try {
    gpu.record(gpu.program(source), [job, numbers], Math.ceil(blocks / THREADS));
    return numbers;
  } catch (error) {
    numbers.release();
    throw error;
  }
}
