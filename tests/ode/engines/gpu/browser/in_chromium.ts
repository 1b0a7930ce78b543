import { withChromiumPage } from "../../../../support/chromium.ts";
import type { Commands } from "./command_log.ts";

/** Chromium's software WebGPU. */
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** Carries out commands in Chromium, whose shader compiler is Tint, and reads buffers at the end. */
export async function runInChromium(
  { buffers, programs, commands }: Commands,
  read: readonly number[],
): Promise<Float32Array[]> {
  return await withChromiumPage(WEBGPU, async (page) => {
    // A file's page is a secure context, which WebGPU needs.
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/page.html`, "<!DOCTYPE html><title>WebGPU</title>");
      await page.goto(`file://${folder}/page.html`);
      const results = await page.evaluate(inPage, { buffers, programs, commands }, [...read]);
      return results.map((words) => new Float32Array(Uint32Array.from(words).buffer));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Runs in the page, so it uses nothing of this file. */
async function inPage(
  { buffers, programs, commands }: Commands,
  read: readonly number[],
): Promise<number[][]> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("Chromium has no WebGPU adapter");
  const { maxStorageBuffersPerShaderStage, maxComputeWorkgroupStorageSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBuffersPerShaderStage, maxComputeWorkgroupStorageSize },
  });
  const errors: string[] = [];
  device.addEventListener("uncapturederror", (event) => {
    errors.push((event as GPUUncapturedErrorEvent).error.message);
  });
  const types = { read: "read-only-storage", readWrite: "storage", uniform: "uniform" } as const;
  const made = programs.map(({ code, bindings }) => {
    const layout = device.createBindGroupLayout({
      entries: bindings.map((kind, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: types[kind] },
      })),
    });
    const module = device.createShaderModule({ code });
    const pipeline = device.createComputePipeline({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
    return { layout, pipeline };
  });
  const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const memory = buffers.map((size) =>
    device.createBuffer({ size, usage: STORAGE | UNIFORM | COPY_SRC | COPY_DST })
  );
  for (const command of commands) {
    if (command.kind === "write") {
      device.queue.writeBuffer(memory[command.buffer]!, 0, Uint32Array.from(command.words));
      continue;
    }
    const encoder = device.createCommandEncoder();
    if (command.kind === "clear") encoder.clearBuffer(memory[command.buffer]!, 0, command.bytes);
    else {
      const { layout, pipeline } = made[command.program]!;
      const entries = command.operands.map(({ buffer, bytes }, binding) => ({
        binding,
        resource: { buffer: memory[buffer]!, size: bytes },
      }));
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
      pass.dispatchWorkgroups(...command.grid);
      pass.end();
    }
    device.queue.submit([encoder.finish()]);
  }
  const results: number[][] = [];
  for (const number of read) {
    const { size } = memory[number]!;
    const staging = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(memory[number]!, 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    results.push(Array.from(new Uint32Array(staging.getMappedRange())));
  }
  if (errors.length > 0) throw new Error(errors.join("\n"));
  return results;
}
