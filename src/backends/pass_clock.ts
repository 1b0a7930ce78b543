/** Passes that are timed: a query set has room for 4,096 times. */
const MOST_PASSES = 2048;

/**
 * Milliseconds of passes by name. Those that are not timed count as the others of their name; a name without any
 * that is timed has no entry.
 *
 * @param nanoseconds Begin and end of each timed pass.
 * @param names Of the timed passes.
 * @param passes Number of all passes, by name.
 */
export function passTimes(
  nanoseconds: BigUint64Array,
  names: readonly string[],
  passes: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const sums = new Map<string, { timed: number; ms: number }>();
  for (const [i, name] of names.entries()) {
    const { timed, ms } = sums.get(name) ?? { timed: 0, ms: 0 };
    const took = Number(nanoseconds[2 * i + 1]! - nanoseconds[2 * i]!) / 1e6;
    sums.set(name, { timed: timed + 1, ms: ms + took });
  }
  return new Map([...sums].map(([name, { timed, ms }]) => [name, ms * passes.get(name)! / timed]));
}

/** Times of compute passes by their names, by the device's own clock. */
export class PassClock {
  readonly #device: GPUDevice;
  readonly #querySet: GPUQuerySet;
  /** Of the passes that are timed. */
  readonly #names: string[] = [];
  /** Passes by name, those that are not timed too. */
  readonly #passes = new Map<string, number>();

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#querySet = device.createQuerySet({ type: "timestamp", count: 2 * MOST_PASSES });
  }

  /** The descriptor of a pass that is timed. */
  timed(name: string, descriptor: GPUComputePassDescriptor): GPUComputePassDescriptor {
    this.#passes.set(name, (this.#passes.get(name) ?? 0) + 1);
    if (this.#names.length === MOST_PASSES) return descriptor;
    const first = 2 * this.#names.push(name) - 2;
    const places = { beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
    return { ...descriptor, timestampWrites: { querySet: this.#querySet, ...places } };
  }

  /** Milliseconds by name, once the passes are done; see {@link passTimes}. */
  async read(): Promise<ReadonlyMap<string, number>> {
    const names = this.#names, device = this.#device;
    if (names.length === 0) {
      this.close();
      return new Map();
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
      return passTimes(nanoseconds, names, this.#passes);
    } finally {
      for (const one of [staging, resolved]) one.destroy();
      this.close();
    }
  }

  /** Destroys its places: no command that is not submitted may name them. */
  close(): void {
    this.#querySet.destroy();
  }
}
