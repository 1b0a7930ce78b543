import type { Gpu } from "./gpu/gpu.ts";
import { PassClock } from "./pass_clock.ts";

/** What the passes of one program did. */
export interface ProgramUse {
  /** Of ours; `tfjs` for all of its own. */
  readonly name: string;
  /** Their number. */
  readonly dispatches: number;
  /**
   * Milliseconds by the device's own clock; null if it has none (`timestamp-query`). Passes that are not timed count as
   * the program's others; null if there are no others.
   */
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
    // Passes that are recorded name the clock's places.
    gpu.submit();
    clock?.close();
    throw error;
  } finally {
    for (const one of undo) one();
  }
  const times = await clock?.read() ?? null;
  const used = [...programs].map(([name, dispatches]) => ({
    ...{ name, dispatches, ms: times?.get(name) ?? null },
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
