import { listen } from "./gpu/commands/listen.ts";
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
  const followPasses = (encoder: GPUCommandEncoder) => {
    const { beginComputePass } = encoder;
    encoder.beginComputePass = (descriptor = {}) => {
      const name = descriptor.label || "tfjs";
      const timed = clock?.timed(name, descriptor) ?? descriptor;
      const pass = beginComputePass.call(encoder, timed);
      const count = () => void programs.set(name, (programs.get(name) ?? 0) + 1);
      listen(pass, count, { methods: ["dispatchWorkgroups"] });
      return pass;
    };
  };
  const ends = [
    listen(queue, () => void submits++, { methods: ["submit"] }),
    listen(device, () => void buffers++, { methods: ["createBuffer"] }),
    listen(device, (_name, _given, encoder) => followPasses(encoder as GPUCommandEncoder), {
      methods: ["createCommandEncoder"],
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
    for (const end of ends) end();
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
