import * as tf from "../../core/tfjs/library.ts";
import { addressOf, type WasmBackend } from "../../threads/wasm.ts";
import type { BlockKernels, SummedGradient } from "./calls.ts";
import { OwnMemory, Places } from "./places.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** Scratch numbers of `sumMiddle` per sum. */
const SUM_SCRATCH = 2;

/** A sum over the batch. */
interface PartialSum {
  readonly out: tf.TensorInfo;
  readonly size: number;
  /** Offset of its parts, which lie one after another. */
  readonly place: number;
}

/** The sums of a block. */
export type BlockSums = Readonly<Record<SummedGradient, PartialSum>>;

/** Numbers of a block's {@link BlockSums}. */
export const summedNumbers = (c: number): number => 11 * c * c + 2 * c;

/** Sums over a batch in so many parts, which are added up in order. */
export class PartialSums {
  readonly #backend: WasmBackend;
  readonly #parts: number;
  readonly #places = new Places();
  readonly #sums: PartialSum[] = [];

  constructor(backend: WasmBackend, parts: number) {
    this.#backend = backend;
    this.#parts = parts;
  }

  /** The sums of one more block of c channels. */
  ofBlock(c: number): BlockSums {
    const take = (...shape: number[]): PartialSum => {
      const out = this.#backend.makeOutput(shape, "float32"), size = tf.util.sizeFromShape(shape);
      const sum = { out, size, place: this.#places.take(this.#parts * size * BYTES) };
      this.#sums.push(sum);
      return sum;
    };
    return {
      filter1: take(1, 1, c, c),
      filter2: take(3, 3, c, c),
      bias2: take(c),
      filter3: take(1, 1, c, c),
      bias3: take(c),
    };
  }

  /** Total size of all parts, in numbers. */
  get numbers(): number {
    return this.#places.numbers;
  }

  /** Addresses of one part of a block's sums, in memory for all parts from `begin`. */
  partOf(
    block: BlockSums,
    { begin, part }: { readonly begin: number; readonly part: number },
  ): Readonly<Record<SummedGradient, number>> {
    const at = ({ place, size }: PartialSum) => begin + place + part * size * BYTES;
    const { filter1, filter2, bias2, filter3, bias3 } = block;
    return {
      ...{ filter1: at(filter1), filter2: at(filter2), bias2: at(bias2) },
      ...{ filter3: at(filter3), bias3: at(bias3) },
    };
  }

  /** Adds all parts up. */
  addUp(simd: BlockKernels, begin: number): void {
    const own = new OwnMemory(SUM_SCRATCH * Math.max(...this.#sums.map(({ size }) => size)));
    simd.runChains(
      this.#sums.map(({ out, size, place }) => [
        simd.call(
          ...["sumMiddle", 1, this.#parts, size, 1, begin + place] as const,
          ...[addressOf(this.#backend, out), own.scratch] as const,
        ),
      ]),
      own.numbers,
    );
  }
}

/** A block's gradients in the order of its arguments. */
export function gradientsInOrder(
  { filter1, filter2, bias2, filter3, bias3 }: BlockSums,
  bias1: tf.TensorInfo,
): tf.TensorInfo[] {
  return [filter1.out, bias1, filter2.out, bias2.out, filter3.out, bias3.out];
}
