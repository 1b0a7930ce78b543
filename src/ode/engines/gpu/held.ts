import type { PooledBuffer } from "../../../backends/gpu/mod.ts";
import * as tf from "../../../core/tfjs/library.ts";

/** Buffers, tensors and what is made of them, to be freed together: when done, or if the rest cannot be made. */
export class Held {
  readonly #releases: (() => void)[] = [];

  buffer(buffer: PooledBuffer): PooledBuffer {
    this.#releases.push(() => buffer.release());
    return buffer;
  }

  tensor<T extends tf.Tensor>(tensor: T): T {
    this.#releases.push(() => tf.dispose(tensor));
    return tensor;
  }

  part<T extends { dispose(): void }>(part: T): T {
    this.#releases.push(() => part.dispose());
    return part;
  }

  releaseAll(): void {
    for (const release of this.#releases.splice(0)) release();
  }
}
