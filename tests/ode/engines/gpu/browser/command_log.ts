import * as tf from "@tensorflow/tfjs";
import { Gpu, type Operand } from "../../../../../src/backends/gpu/gpu.ts";
import { gridOf } from "../../../../../src/backends/gpu/limits.ts";
import type { BindingKind, Program } from "../../../../../src/backends/gpu/programs.ts";
import type { PooledBuffer } from "../../../../../src/backends/gpu/buffers.ts";

/** What a device was told to do, as JSON; buffers and programs are numbered. */
export interface Commands {
  /** Bytes of each buffer. */
  readonly buffers: readonly number[];
  readonly programs: readonly {
    readonly code: string;
    readonly bindings: readonly BindingKind[];
  }[];
  /** In order. */
  readonly commands: readonly Command[];
}

type Command =
  | { readonly kind: "write"; readonly buffer: number; readonly words: readonly number[] }
  | { readonly kind: "clear"; readonly buffer: number; readonly bytes: number }
  | {
    readonly kind: "dispatch";
    readonly program: number;
    readonly operands: readonly { readonly buffer: number; readonly bytes: number }[];
    readonly grid: readonly [number, number];
  };

/** A {@link Gpu} that also writes down its commands, so that another implementation can carry them out. */
export class CommandLog extends Gpu implements Commands {
  readonly buffers: number[] = [];
  readonly programs: Commands["programs"][number][] = [];
  readonly commands: Command[] = [];
  /** Values of tensors that no program writes. */
  readonly #given = new Map<object, Float32Array>();
  readonly #numbers = new Map<object, number>();

  /** Says what a tensor holds that programs read. */
  give(tensor: tf.Tensor, values: Float32Array): void {
    this.#given.set(tensor.dataId, values);
  }

  /** Number of a tensor's buffer. */
  numberOf(tensor: tf.Tensor): number {
    const known = this.#numbers.get(tensor.dataId);
    if (known !== undefined) return known;
    const number = this.#number(tensor.dataId, 4 * tensor.size);
    const values = this.#given.get(tensor.dataId);
    if (values !== undefined) this.#write(number, values);
    return number;
  }

  #number(key: object, bytes: number): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.buffers.length);
    return this.buffers.push(bytes) - 1;
  }

  #write(buffer: number, data: Float32Array | Uint32Array): void {
    const words = Array.from(new Uint32Array(data.buffer, data.byteOffset, data.length));
    this.commands.push({ kind: "write", buffer, words });
  }

  override upload(data: Float32Array | Uint32Array): PooledBuffer {
    const pooled = super.upload(data);
    this.#write(this.#number(pooled.buffer, pooled.buffer.size), data);
    return pooled;
  }

  override clear(pooled: PooledBuffer): void {
    super.clear(pooled);
    const buffer = this.#number(pooled.buffer, pooled.buffer.size);
    this.commands.push({ kind: "clear", buffer, bytes: pooled.bytes });
  }

  override record(program: Program, operands: readonly Operand[], workgroups: number): void {
    super.record(program, operands, workgroups);
    const { code, bindings } = program.source;
    const known = this.programs.findIndex((one) => one.code === code);
    this.commands.push({
      kind: "dispatch",
      program: known < 0 ? this.programs.push({ code, bindings }) - 1 : known,
      operands: operands.map((operand) =>
        operand instanceof tf.Tensor
          ? { buffer: this.numberOf(operand), bytes: 4 * operand.size }
          : {
            buffer: this.#number(operand.buffer, operand.buffer.size),
            bytes: operand.bytes,
          }
      ),
      grid: gridOf(workgroups, this.limits),
    });
  }
}
