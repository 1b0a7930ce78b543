import { roundUp } from "../../core/numbers/round_up.ts";
import type { Argument, OwnAddress } from "../../threads/thread_pool.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** Consecutive allocations in one memory, each aligned to cache lines. */
export class Places {
  #bytes = 0;

  /** Allocates so many bytes and returns their offset. */
  take(bytes: number): number {
    const at = this.#bytes;
    this.#bytes += roundUp(bytes, 64);
    return at;
  }

  /** Total size of the allocations, in numbers. */
  get numbers(): number {
    return this.#bytes / BYTES;
  }
}

/** Allocations in a thread's private memory. */
export class OwnMemory {
  /** Scratch of the kernels. */
  readonly scratch: OwnAddress;
  readonly #places = new Places();

  /** @param scratch Scratch size in numbers. */
  constructor(scratch: number) {
    this.scratch = this.take(scratch * BYTES);
  }

  /** Allocates so many bytes. */
  take(bytes: number): OwnAddress {
    return { own: this.#places.take(bytes) };
  }

  /** Total size of the allocations, in numbers. */
  get numbers(): number {
    return this.#places.numbers;
  }
}

/** The address so many bytes further on. */
export function shifted(address: Argument, bytes: number): Argument {
  return typeof address === "number" ? address + bytes : { own: address.own + bytes };
}
