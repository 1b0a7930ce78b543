import * as tf from "@tensorflow/tfjs";
import type { Page } from "puppeteer-core";
import type { Gpu, LateCopy, Operand } from "../../../../src/backends/gpu/gpu.ts";
import type { PooledBuffer } from "../../../../src/backends/gpu/buffers.ts";
import type { BindingKind, Program, ProgramSource } from "../../../../src/backends/gpu/programs.ts";
import { withChromiumPage } from "../../../support/chromium.ts";
import { inFolder } from "../../../support/in_folder.ts";

/** Chromium's software WebGPU. */
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** A command of the page; buffers have numbers. */
type Command =
  | { readonly kind: "create"; readonly id: number; readonly bytes: number }
  | { readonly kind: "write"; readonly id: number; readonly words: readonly number[] }
  | { readonly kind: "clear"; readonly id: number }
  | {
    readonly kind: "copy";
    readonly from: number;
    readonly fromByte: number;
    readonly to: number;
    readonly toByte: number;
    readonly bytes: number;
  }
  | {
    readonly kind: "dispatch";
    readonly code: string;
    readonly bindings: readonly BindingKind[];
    readonly operands: readonly number[];
    readonly workgroups: number;
  };

/** Carries out commands, then reads a buffer, in the page. Throws what the device complains of. */
async function execute(
  { commands, read }: { readonly commands: readonly Command[]; readonly read: number },
): Promise<readonly number[]> {
  interface Machine {
    readonly device: GPUDevice;
    readonly buffers: Map<number, GPUBuffer>;
    readonly pipelines: Map<string, { layout: GPUBindGroupLayout; pipeline: GPUComputePipeline }>;
  }
  const page = globalThis as unknown as { machine?: Machine };
  if (page.machine === undefined) {
    const adapter = await navigator.gpu.requestAdapter();
    if (adapter === null) throw new Error("the browser has no WebGPU adapter");
    page.machine = {
      device: await adapter.requestDevice({
        // WebGPU guarantees eight, Chromium has ten.
        requiredLimits: { maxStorageBuffersPerShaderStage: 10 },
      }),
      buffers: new Map(),
      pipelines: new Map(),
    };
  }
  const { device, buffers, pipelines } = page.machine;
  const types = { read: "read-only-storage", readWrite: "storage", uniform: "uniform" } as const;
  device.pushErrorScope("validation");
  for (const command of commands) {
    switch (command.kind) {
      case "create": {
        const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST |
          GPUBufferUsage.COPY_SRC;
        buffers.set(command.id, device.createBuffer({ size: command.bytes, usage }));
        break;
      }
      case "write":
        device.queue.writeBuffer(buffers.get(command.id)!, 0, Uint32Array.from(command.words));
        break;
      case "clear": {
        const encoder = device.createCommandEncoder();
        encoder.clearBuffer(buffers.get(command.id)!);
        device.queue.submit([encoder.finish()]);
        break;
      }
      case "copy": {
        const { from, fromByte, to, toByte, bytes } = command;
        const encoder = device.createCommandEncoder();
        const source = buffers.get(from)!, target = buffers.get(to)!;
        encoder.copyBufferToBuffer(source, fromByte, target, toByte, bytes);
        device.queue.submit([encoder.finish()]);
        break;
      }
      case "dispatch": {
        const { code, bindings, operands, workgroups } = command;
        let known = pipelines.get(code);
        if (known === undefined) {
          const layout = device.createBindGroupLayout({
            entries: bindings.map((kind, binding) => ({
              binding,
              visibility: GPUShaderStage.COMPUTE,
              buffer: { type: types[kind] },
            })),
          });
          const pipeline = device.createComputePipeline({
            layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
            compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
          });
          pipelines.set(code, known = { layout, pipeline });
        }
        const entries = operands.map((id, binding) => ({
          binding,
          resource: { buffer: buffers.get(id)! },
        }));
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        pass.setPipeline(known.pipeline);
        pass.setBindGroup(0, device.createBindGroup({ layout: known.layout, entries }));
        pass.dispatchWorkgroups(workgroups);
        pass.end();
        device.queue.submit([encoder.finish()]);
        break;
      }
      default:
        command satisfies never;
    }
  }
  const source = buffers.get(read)!;
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ size: source.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, source.size);
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error !== null) throw new Error(error.message);
  await staging.mapAsync(GPUMapMode.READ);
  return [...new Uint32Array(staging.getMappedRange())];
}

/** A browser's WebGPU as a {@link Gpu}: commands are collected, and carried out by the next read. */
export class BrowserGpu {
  readonly device = {
    adapterInfo: { vendor: "google", architecture: "swiftshader", device: "", description: "" },
  };
  readonly #page: Page;
  readonly #ids = new WeakMap<object, number>();
  #commands: Command[] = [];
  #last = 0;
  /** WebGPU's guaranteed limits, which a device has that is asked for no others. */
  readonly limits = {
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupSizeX: 256,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeWorkgroupsPerDimension: 65535,
    maxStorageBuffersPerShaderStage: 8,
    maxStorageBufferBindingSize: 2 ** 27,
    maxBufferSize: 2 ** 28,
  };

  /** @param page In a secure context, which WebGPU needs. */
  constructor(page: Page) {
    this.#page = page;
  }

  /** As engines take it. */
  get asGpu(): Gpu {
    return this as unknown as Gpu;
  }

  #create(of: object, bytes: number): number {
    const id = ++this.#last;
    this.#ids.set(of, id);
    this.#commands.push({ kind: "create", id, bytes });
    return id;
  }

  #write(id: number, data: Float32Array | Uint32Array): void {
    const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
    this.#commands.push({ kind: "write", id, words: [...words] });
  }

  /** The number of an operand; tensors of the host are uploaded. */
  #idOf(operand: Operand): number {
    const known = this.#ids.get(operand);
    if (known !== undefined) return known;
    const data = Float32Array.from((operand as tf.Tensor).dataSync());
    const id = this.#create(operand, data.byteLength);
    this.#write(id, data);
    return id;
  }

  program(source: ProgramSource): Program {
    return { source } as unknown as Program;
  }

  scratch(bytes: number): PooledBuffer {
    const buffer: PooledBuffer = {
      buffer: null as unknown as GPUBuffer,
      bytes,
      retain: () => buffer,
      release: () => {},
      [Symbol.dispose]: () => {},
    };
    this.#create(buffer, bytes);
    return buffer;
  }

  upload(data: Float32Array | Uint32Array): PooledBuffer {
    const buffer = this.scratch(data.byteLength);
    this.#write(this.#idOf(buffer), data);
    return buffer;
  }

  filled(data: Float32Array): PooledBuffer {
    return this.upload(data);
  }

  clear(buffer: PooledBuffer): void {
    this.#commands.push({ kind: "clear", id: this.#idOf(buffer) });
  }

  /** A tensor whose numbers are in the browser; see {@link valuesOf}. */
  tensor(shape: number[]): tf.Tensor {
    const tensor = tf.zeros(shape);
    this.#create(tensor, 4 * tensor.size);
    return tensor;
  }

  record(
    { source: { code, bindings } }: Program,
    operands: readonly Operand[],
    workgroups: number,
  ) {
    const ids = operands.map((operand) => this.#idOf(operand));
    this.#commands.push({ kind: "dispatch", code, bindings, operands: ids, workgroups });
  }

  copy(operand: Operand, offset: number, to: Operand): void {
    const bytes = "release" in to ? to.bytes : 4 * to.size;
    this.#copy([operand, offset], [to, 0], bytes);
  }

  copyInto(operand: tf.Tensor, to: tf.Tensor, offset: number): void {
    this.#copy([operand, 0], [to, offset], 4 * operand.size);
  }

  #copy([from, fromByte]: [Operand, number], [to, toByte]: [Operand, number], bytes: number) {
    const ids = { from: this.#idOf(from), to: this.#idOf(to) };
    this.#commands.push({ kind: "copy", ...ids, fromByte, toByte, bytes });
  }

  async read(buffer: PooledBuffer): Promise<ArrayBuffer> {
    return await this.#read(this.#idOf(buffer));
  }

  logged(work: () => void): null {
    work();
    return null;
  }

  copyOut(buffer: PooledBuffer): LateCopy {
    const copy = this.scratch(buffer.bytes);
    this.copy(buffer, 0, copy);
    return { read: () => this.read(copy), drop: () => {} };
  }

  async #read(read: number): Promise<ArrayBuffer> {
    const commands = this.#commands;
    this.#commands = [];
    return Uint32Array.from(await this.#page.evaluate(execute, { commands, read })).buffer;
  }

  /** The numbers of a tensor that a program has written. */
  async valuesOf(tensor: tf.Tensor): Promise<Float32Array> {
    return new Float32Array(await this.#read(this.#ids.get(tensor)!));
  }
}

/** Starts Chromium, and closes it when `use` is done. */
export async function withBrowserGpu<T>(use: (gpu: BrowserGpu) => Promise<T>): Promise<T> {
  return await withChromiumPage(WEBGPU, async (page) => {
    // A file's page is a secure context.
    return await inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/page.html`, "<!doctype html><title>WebGPU</title>");
      await page.goto(`file://${folder}/page.html`);
      return await use(new BrowserGpu(page));
    });
  });
}
