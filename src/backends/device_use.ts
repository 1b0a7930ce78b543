import type { Gpu } from "./gpu/gpu.ts";

/** What the passes of one program did. */
export interface ProgramUse {
  /** Of ours; `tfjs` for all of its own. */
  readonly name: string;
  /** Their number. */
  readonly dispatches: number;
  /** Milliseconds by the device's own clock; null if it has none (`timestamp-query`). */
  readonly ms: number | null;
}

/** What some work used of a device, tfjs's part included. */
export interface DeviceUse {
  readonly submits: number;
  /** Buffers created. */
  readonly buffers: number;
  /** Those that took most time first. */
  readonly programs: readonly ProgramUse[];
}

/** Passes that are timed: a query set has room for 4,096 times. */
const MOST_PASSES = 2048;

/**
 * Records what work does with a device: submits, new buffers, and of each program dispatches and time. Passes
 * beyond the first 2,048 are not timed.
 */
export async function recordUse(gpu: Gpu, work: () => Promise<void>): Promise<DeviceUse> {
  // What was recorded before is not of this work.
  gpu.submit();
  const { device } = gpu, { queue } = device;
  const clock = device.features.has("timestamp-query") ? new PassClock(device) : null;
  const programs = new Map<string, number>();
  let submits = 0, buffers = 0;
  const undo = [
    following(queue, "submit", () => void submits++),
    following(device, "createBuffer", () => void buffers++),
    following(device, "createCommandEncoder", (encoder) => {
      const { beginComputePass } = encoder;
      encoder.beginComputePass = (descriptor = {}) => {
        const name = descriptor.label || "tfjs";
        const timed = clock?.timed(name, descriptor) ?? descriptor;
        const pass = beginComputePass.call(encoder, timed);
        following(pass, "dispatchWorkgroups", () => {
          programs.set(name, (programs.get(name) ?? 0) + 1);
        });
        return pass;
      };
    }),
  ];
  try {
    await work();
    gpu.submit();
  } catch (error) {
    clock?.close();
    throw error;
  } finally {
    for (const one of undo) one();
  }
  const times = await clock?.read() ?? null;
  const used = [...programs].map(([name, dispatches]) => ({
    ...{ name, dispatches, ms: times === null ? null : times.get(name) ?? 0 },
  }));
  return {
    submits,
    buffers,
    programs: used.toSorted((a, b) => (b.ms ?? 0) - (a.ms ?? 0) || b.dispatches - a.dispatches),
  };
}

/** Calls `seen` with what a method of an object returns, until the returned function is called. */
function following<T extends object, K extends string & keyof T>(
  object: T,
  name: K,
  seen: (result: T[K] extends (...given: never[]) => infer R ? R : never) => void,
): () => void {
  const own = object as Record<string, unknown>;
  const method = own[name] as (...given: unknown[]) => Parameters<typeof seen>[0];
  own[name] = (...given: unknown[]) => {
    const result = method.apply(object, given);
    seen(result);
    return result;
  };
  // The method is of the prototype.
  return () => delete own[name];
}

/** Times of compute passes by their names, by the device's own clock. */
class PassClock {
  readonly #device: GPUDevice;
  readonly #querySet: GPUQuerySet;
  readonly #names: string[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#querySet = device.createQuerySet({ type: "timestamp", count: 2 * MOST_PASSES });
  }

  /** The descriptor of a pass that is timed. */
  timed(name: string, descriptor: GPUComputePassDescriptor): GPUComputePassDescriptor {
    if (this.#names.length === MOST_PASSES) return descriptor;
    const first = 2 * this.#names.push(name) - 2;
    const places = { beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
    return { ...descriptor, timestampWrites: { querySet: this.#querySet, ...places } };
  }

  /** Milliseconds by name, once the passes are done. */
  async read(): Promise<ReadonlyMap<string, number>> {
    const times = new Map<string, number>(), names = this.#names, device = this.#device;
    if (names.length === 0) {
      this.close();
      return times;
    }
    const bytes = 16 * names.length;
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const resolved = device.createBuffer({ size: bytes, usage: QUERY_RESOLVE | COPY_SRC });
    const staging = device.createBuffer({ size: bytes, usage: COPY_DST | MAP_READ });
    try {
      const encoder = device.createCommandEncoder();
      encoder.resolveQuerySet(this.#querySet, 0, 2 * names.length, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const nanoseconds = new BigUint64Array(staging.getMappedRange().slice(0));
      for (const [i, name] of names.entries()) {
        const took = Number(nanoseconds[2 * i + 1]! - nanoseconds[2 * i]!) / 1e6;
        times.set(name, (times.get(name) ?? 0) + took);
      }
      return times;
    } finally {
      for (const one of [staging, resolved]) one.destroy();
      this.close();
    }
  }

  close(): void {
    this.#querySet.destroy();
  }
}
