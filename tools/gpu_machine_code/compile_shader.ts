import { engineSource } from "./engine_source.ts";
import { productSource } from "./product_source.ts";

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

const { code, threads, workgroupBytes } = productSource(name, hidden, dims) ??
  engineSource(name, { hidden, dims }, { rows, quads, unroll });
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
