/** What the passes of one program took. */
export interface KernelTime {
  readonly name: string;
  readonly passes: number;
  readonly ms: number;
}

const MOST_PASSES = 1024;

/**
 * Times every compute pass of some work by the device's own clock, where it has one; empty elsewhere. Passes beyond
 * the first 1,024 are not timed.
 */
export async function kernelTimes(
  device: GPUDevice,
  work: () => Promise<void>,
): Promise<readonly KernelTime[]> {
  if (!device.features.has("timestamp-query")) return [];
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 * MOST_PASSES });
  const names: string[] = [];
  const { beginComputePass } = GPUCommandEncoder.prototype;
  GPUCommandEncoder.prototype.beginComputePass = function (descriptor = {}) {
    if (names.length === MOST_PASSES) return beginComputePass.call(this, descriptor);
    const first = 2 * names.push(descriptor.label || "tfjs") - 2;
    const timestampWrites = {
      ...{ querySet, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 },
    };
    return beginComputePass.call(this, { ...descriptor, timestampWrites });
  };
  try {
    await work();
  } finally {
    GPUCommandEncoder.prototype.beginComputePass = beginComputePass;
  }
  if (names.length === 0) return [];
  const bytes = 16 * names.length;
  const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const resolved = device.createBuffer({ size: bytes, usage: QUERY_RESOLVE | COPY_SRC });
  const staging = device.createBuffer({ size: bytes, usage: COPY_DST | MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.resolveQuerySet(querySet, 0, 2 * names.length, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const nanoseconds = new BigUint64Array(staging.getMappedRange().slice(0));
  for (const one of [staging, resolved, querySet]) one.destroy();
  const times = new Map<string, { passes: number; ms: number }>();
  names.forEach((name, i) => {
    const { passes, ms } = times.get(name) ?? { passes: 0, ms: 0 };
    const took = Number(nanoseconds[2 * i + 1]! - nanoseconds[2 * i]!) / 1e6;
    times.set(name, { passes: passes + 1, ms: ms + took });
  });
  return [...times].map(([name, time]) => ({ name, ...time })).sort((a, b) => b.ms - a.ms);
}
