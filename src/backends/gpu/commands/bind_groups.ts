import type { PooledBuffer } from "../buffers.ts";
import type { Program } from "../programs.ts";

/** Bind groups kept; with more all are forgotten. */
const MOST_KEPT = 1024;

/**
 * Bind groups of pooled buffers by what they bind. Deno takes 16 us for a new one, ten times the rest of a
 * dispatch, and a training step binds the same buffers again and again.
 */
export class BindGroups {
  readonly #device: GPUDevice;
  readonly #ids = new WeakMap<object, number>();
  readonly #kept = new Map<string, GPUBindGroup>();
  #lastId = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The bind group of a program's operands, in the order of its bindings. */
  get(program: Program, operands: readonly PooledBuffer[]): GPUBindGroup {
    let key = `${this.#idOf(program)}`;
    for (const { buffer, bytes } of operands) key += ` ${this.#idOf(buffer)} ${bytes}`;
    let group = this.#kept.get(key);
    if (group === undefined) {
      group = this.#device.createBindGroup({
        layout: program.layout,
        entries: operands.map(({ buffer, bytes: size }, binding) => ({
          binding,
          resource: { buffer, size },
        })),
      });
      if (this.#kept.size === MOST_KEPT) this.#kept.clear();
      this.#kept.set(key, group);
    }
    return group;
  }

  #idOf(of: object): number {
    let id = this.#ids.get(of);
    if (id === undefined) this.#ids.set(of, id = ++this.#lastId);
    return id;
  }
}
