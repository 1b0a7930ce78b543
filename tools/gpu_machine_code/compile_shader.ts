import { productSource } from "./product_source.ts";
import { type ProgramSource, workgroupVariables } from "../../src/backends/gpu/programs.ts";
import { pullBackPlan, pullBackVariables } from "../../src/ode/engines/gpu/pull_back/plan.ts";
import { pullBackShader } from "../../src/ode/engines/gpu/pull_back/pull_back_wgsl.ts";
import { solveProgram, solveVariables } from "../../src/ode/engines/gpu/solve_wgsl.ts";
import { tileFor } from "../../src/ode/engines/gpu/tiles/thread_tile.ts";

/**
 * Compiles one shader on the first adapter: `solve` or `pull-back`, width, dimensions, rows and quads per thread; or
 * a product of images and its channels.
 */
const [name, ...sizes] = Deno.args;
const [hidden, dims, rows, quads, unroll] = sizes.map(Number) as [
  number,
  number,
  number,
  number,
  number,
];

const field = { dims, hidden, trace: "exact" } as const;

function sourceOf(): Pick<ProgramSource, "code" | "threads" | "workgroupBytes"> {
  const product = productSource(name, hidden, dims);
  if (product !== undefined) return product;
  if (name === "solve") {
    const shape = { ...field, tileRows: 8, slopeRoom: 8 };
    const tiled = { tileRows: 8, quads: Math.ceil(hidden / 4), columns: 1 + dims };
    const tile = tileFor(
      tiled,
      { rows, quads, unroll },
      (tile) => solveVariables({ ...shape, tile }).bytes <= 2 ** 15,
    );
    return solveProgram({ ...shape, tile });
  }
  const shape = { ...field, rows: 512, groupRows: 8, stages: 6, chunkSteps: 64 };
  const plan = pullBackPlan(shape, 2 ** 15, { tile: { rows, quads, unroll } });
  const { bytes } = workgroupVariables(pullBackVariables(shape, plan));
  return { code: pullBackShader(shape, plan), threads: plan.threads, workgroupBytes: bytes };
}

const { code, threads, workgroupBytes } = sourceOf();
const adapter = await navigator.gpu.requestAdapter();
if (adapter === null) throw new Error("no WebGPU adapter");
const { maxComputeWorkgroupStorageSize, maxStorageBuffersPerShaderStage } = adapter.limits;
const device = await adapter.requestDevice({
  requiredLimits: { maxComputeWorkgroupStorageSize, maxStorageBuffersPerShaderStage },
});
console.log(
  `on: ${adapter.info.description}; threads: ${threads}; workgroup bytes: ${workgroupBytes}`,
);
const module = device.createShaderModule({ code });
const { messages } = await module.getCompilationInfo();
const fault = messages.find(({ type }) => type === "error");
if (fault !== undefined) throw new Error(`line ${fault.lineNum}: ${fault.message}`);
device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
// The device is not closed in order: it has no hardware.
Deno.exit(0);
