/** Calls to WebGPU, in whatever library. */
export interface GpuCalls {
  readonly buffers: number;
  readonly dispatches: number;
  readonly submits: number;
  /** Copies between buffers, by command. */
  readonly copies: number;
  /** Writes of the host's numbers into buffers. */
  readonly writes: number;
}

/** Counts calls to WebGPU until `stop()`; `calls()` gives those so far. */
export function countGpuCalls(): { calls(): GpuCalls; stop(): void } {
  const counts = { buffers: 0, dispatches: 0, submits: 0, copies: 0, writes: 0 };
  const stops = ([
    [GPUDevice.prototype, "createBuffer", "buffers"],
    [GPUComputePassEncoder.prototype, "dispatchWorkgroups", "dispatches"],
    [GPUQueue.prototype, "submit", "submits"],
    [GPUCommandEncoder.prototype, "copyBufferToBuffer", "copies"],
    [GPUQueue.prototype, "writeBuffer", "writes"],
  ] as const).map(([prototype, name, key]) => {
    const methods = prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
    const method = methods[name]!;
    methods[name] = function (...given) {
      counts[key]++;
      return method.apply(this, given);
    };
    return () => methods[name] = method;
  });
  return { calls: () => ({ ...counts }), stop: () => stops.forEach((stop) => stop()) };
}
