import * as tf from "../../core/tfjs/library.ts";
import type { Backend } from "../backend.ts";
import type { Tensor } from "../../core/tensors.ts";
import { BindGroups } from "./commands/bind_groups.ts";
import { BufferPool, type PooledBuffer } from "./buffers.ts";
import { type DeviceLimits, gridOf, requireBindable } from "./limits.ts";
import { type Program, ProgramCache, type ProgramSource } from "./programs.ts";
import { type LoggedCommands, mappedCopy, TfjsWebgpu } from "./tfjs_webgpu.ts";

/** What a dispatch binds: a float32 tensor of tfjs's, or a buffer of ours. */
export type Operand = Tensor | PooledBuffer;

/** A copy of a buffer that a submit makes. Read or drop it, once. */
export interface LateCopy {
  /**
   * Its bytes, once the device is there; see {@link Gpu.read}.
   *
   * @throws {FailureError} If the device was lost or reported an error.
   */
  read(): Promise<ArrayBuffer>;
  /** Gives it up. */
  drop(): void;
}

/** Work recorded on a {@link Gpu} since it was opened. */
export interface GpuCounts {
  /** Dispatches of our programs. */
  readonly dispatches: number;
  /** Reads, each with a submit. */
  readonly reads: number;
  /** Buffers created; reused ones are not counted. */
  readonly buffers: number;
  /** Buffers in use. */
  readonly used: number;
  /** Bytes of our buffers, idle ones too; tfjs has its own. */
  readonly bytes: number;
  /** Programs compiled. */
  readonly programs: number;
}

const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = {
  STORAGE: 0x80,
  UNIFORM: 0x40,
  COPY_SRC: 0x04,
  COPY_DST: 0x08,
  MAP_READ: 0x01,
} as const; // GPUBufferUsage, which is missing where there is no WebGPU

/**
 * tfjs's WebGPU device with programs of our own: they are recorded into tfjs's command encoder, so they run
 * in order with its operations, and their operands may be its tensors.
 */
export class Gpu {
  /** The device. */
  readonly device: GPUDevice;
  /** Its limits. */
  readonly limits: DeviceLimits;
  readonly #tfjs: TfjsWebgpu;
  readonly #check: () => void;
  readonly #programs: ProgramCache;
  readonly #bindGroups: BindGroups;
  readonly #scratch: BufferPool;
  readonly #uploads: BufferPool;
  readonly #staging: BufferPool;
  #dispatches = 0;
  #reads = 0;

  /**
   * A device of tfjs's.
   *
   * @param check Throws if the device was lost or reported an error: {@link Backend.check}.
   */
  constructor(tfjs: TfjsWebgpu, check: () => void) {
    this.#tfjs = tfjs;
    this.#check = check;
    this.device = tfjs.device;
    this.limits = this.device.limits;
    this.#programs = new ProgramCache(this.device);
    this.#bindGroups = new BindGroups(this.device);
    const at = { device: this.device, limits: this.limits, encoder: () => tfjs.current };
    const usage = STORAGE | COPY_SRC | COPY_DST;
    this.#scratch = new BufferPool(at, { usage, written: "device" });
    this.#uploads = new BufferPool(at, { usage: usage | UNIFORM, written: "host" });
    this.#staging = new BufferPool(at, { usage: MAP_READ | COPY_DST, written: "host" });
  }

  /** Figures for tests and diagnostics. */
  get counts(): GpuCounts {
    const pools = [this.#scratch, this.#uploads, this.#staging];
    return {
      dispatches: this.#dispatches,
      reads: this.#reads,
      buffers: pools.reduce((sum, { made }) => sum + made, 0),
      used: pools.reduce((sum, { used }) => sum + used, 0),
      bytes: pools.reduce((sum, { bytes }) => sum + bytes, 0),
      programs: this.#programs.size,
    };
  }

  /**
   * The program of a shader, compiled at its first use.
   *
   * @throws {RangeError} If it exceeds the device's limits.
   */
  program(source: ProgramSource): Program {
    return this.#programs.get(source);
  }

  /**
   * A buffer for what programs write, with undefined contents; the caller releases it.
   *
   * @throws {FailureError} If it exceeds the device's limits.
   */
  scratch(bytes: number): PooledBuffer {
    return this.#scratch.take(bytes);
  }

  /**
   * A buffer with the host's numbers, for uniforms too; the caller releases it. Programs must not write to it.
   *
   * @throws {FailureError} If it exceeds the device's limits.
   */
  upload(data: Float32Array | Int32Array | Uint32Array): PooledBuffer {
    const buffer = this.#uploads.take(data.byteLength);
    try {
      this.device.queue.writeBuffer(buffer.buffer, 0, data as Float32Array<ArrayBuffer>);
      return buffer;
    } catch (error) {
      buffer.release();
      throw error;
    }
  }

  /** Records a copy of a part of a buffer, from `offset` bytes, into all of a tensor or another buffer. */
  copy(operand: Operand, offset: number, to: Operand): void {
    const source = this.#bufferOf(operand), target = this.#bufferOf(to);
    const bytes = to instanceof tf.Tensor ? 4 * to.size : to.bytes;
    this.#tfjs.encoder().copyBufferToBuffer(source, offset, target, 0, bytes);
  }

  /** Records a copy of all of a tensor into a part of another, from `offset` bytes. */
  copyInto(operand: Tensor, to: Tensor, offset: number): void {
    const source = this.#bufferOf(operand), target = this.#bufferOf(to);
    this.#tfjs.encoder().copyBufferToBuffer(source, 0, target, offset, 4 * operand.size);
  }

  #bufferOf(operand: Operand): GPUBuffer {
    return operand instanceof tf.Tensor ? this.#tfjs.bufferOf(operand) : operand.buffer;
  }

  /** A buffer with the host's numbers that programs may write to; the caller releases it. */
  filled(data: Float32Array): PooledBuffer {
    using from = this.upload(data);
    const buffer = this.scratch(data.byteLength);
    try {
      this.copy(from, 0, buffer);
      return buffer;
    } catch (error) {
      buffer.release();
      throw error;
    }
  }

  /** Records a command that fills a buffer with zeros. */
  clear({ buffer, bytes }: PooledBuffer): void {
    this.#tfjs.encoder().clearBuffer(buffer, 0, bytes);
  }

  /**
   * A tensor for a program to write, of undefined contents; owned by the caller.
   *
   * @throws {FailureError} If it exceeds the device's limits.
   */
  tensor<T extends Tensor>(shape: T["shape"]): T {
    requireBindable(4 * tf.util.sizeFromShape([...shape]), this.limits);
    return this.#tfjs.emptyTensor(shape) as T;
  }

  /**
   * Records a dispatch after all earlier operations, tfjs's too.
   *
   * @param operands By binding.
   * @param workgroups Their number; see `gridMain()` (src/ops/wgsl/grid.ts) for their indices.
   */
  record(program: Program, operands: readonly Operand[], workgroups: number): void {
    const { source, pipeline, layout } = program;
    if (operands.length !== source.bindings.length) {
      throw new RangeError(
        `${source.name}: expected ${source.bindings.length} operands, got ${operands.length}`,
      );
    }
    const [x, y] = gridOf(workgroups, this.limits);
    // Before the encoder is taken: an upload ends its pass.
    const group = operands.every(isPooled)
      ? this.#bindGroups.get(program, operands)
      : this.device.createBindGroup({
        layout,
        entries: operands.map((operand, binding) => ({
          binding,
          resource: isPooled(operand)
            ? { buffer: operand.buffer, size: operand.bytes }
            : { buffer: this.#tfjs.bufferOf(operand) },
        })),
      });
    const pass = this.#tfjs.encoder().beginComputePass({ label: source.name });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(x, y);
    pass.end();
    this.#dispatches++;
    this.#tfjs.dispatched();
  }

  /**
   * Does work that records commands, tfjs's operations too, and keeps them to be recorded again in some
   * microseconds each. They read and write the same buffers, so the work must take what changes from tensors or
   * buffers that live longer than it, and leave results there.
   *
   * @param work Neither submits nor reads.
   * @returns null if the commands cannot be recorded again; else dispose them.
   */
  logged(work: () => void): LoggedCommands | null {
    const pools = [this.#scratch, this.#uploads], before = this.#dispatches;
    for (const pool of pools) pool.noteTaken();
    let commands: LoggedCommands | null = null, ends: readonly (() => void)[] = [];
    const release = () => ends.forEach((end) => end());
    try {
      commands = this.#tfjs.logged(work);
    } finally {
      ends = pools.map((pool) => pool.withhold());
      if (commands === null) release();
    }
    const ours = this.#dispatches - before;
    return commands && {
      dispatches: commands.dispatches,
      record: () => {
        commands.record();
        this.#dispatches += ours;
      },
      dispose: () => {
        commands.dispose();
        release();
      },
    };
  }

  /** Submits what is recorded, tfjs's operations too: the GPU starts on it. */
  submit(): void {
    if (this.#tfjs.current !== null) this.#tfjs.submit();
  }

  /**
   * Submits everything recorded and reads a buffer as it is then; it may be released as soon as this was
   * called. A read takes some 12 ms, whatever its size, and the call itself may wait for the device: do it
   * when little is left to be recorded.
   *
   * @throws {FailureError} If the device was lost or reported an error.
   */
  async read(buffer: PooledBuffer): Promise<ArrayBuffer> {
    return await this.copyOut(buffer).read();
  }

  /**
   * Submits everything recorded, with a copy of a buffer as it is then, and waits for nothing: more can be
   * recorded and submitted before the copy is read.
   *
   * @throws {FailureError} If the device was lost or reported an error.
   */
  copyOut({ buffer, bytes }: PooledBuffer): LateCopy {
    this.#reads++;
    const staging = this.#staging.take(bytes);
    const failing = (error: unknown): never => {
      this.#check();
      throw error;
    };
    try {
      this.#tfjs.encoder().copyBufferToBuffer(buffer, 0, staging.buffer, 0, bytes);
      this.#tfjs.submit();
    } catch (error) {
      staging.release();
      return failing(error);
    }
    return {
      read: async () => {
        try {
          const copy = await mappedCopy(staging.buffer, bytes);
          this.#check();
          return copy;
        } catch (error) {
          return failing(error);
        } finally {
          staging.release();
        }
      },
      drop: () => staging.release(),
    };
  }

  /** Destroys our buffers. */
  close(): void {
    for (const pool of [this.#scratch, this.#uploads, this.#staging]) pool.close();
  }
}

function isPooled(operand: Operand): operand is PooledBuffer {
  return !(operand instanceof tf.Tensor);
}

/** By tfjs's backend object: reopening a backend makes another. */
const opened = new WeakMap<object, Gpu>();

/**
 * The device of an open `webgpu` backend; the same object for each call.
 *
 * @throws {RangeError} If it is another kind of backend, or closed.
 * @throws {FailureError} If tfjs's backend lacks what this needs.
 */
export function gpuOf(backend: Backend): Gpu {
  const of = backend.kind === "webgpu" ? tf.findBackend(backend.tfName) : null;
  if (of === null) throw new RangeError(`GPU: ${backend.kind} is no open WebGPU backend`);
  let gpu = opened.get(of);
  if (gpu === undefined) {
    gpu = new Gpu(new TfjsWebgpu(of), () => backend.check());
    opened.set(of, gpu);
  }
  return gpu;
}

/** Destroys the buffers on a backend of tfjs's that is about to be closed. */
export function closeGpu(tfjsBackend: object): void {
  opened.get(tfjsBackend)?.close();
  opened.delete(tfjsBackend);
}
