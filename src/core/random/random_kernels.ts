import { fromBase64 } from "../base64.ts";
import { ownMemory } from "../wasm/guarded_memory.ts";
import { memorySizes } from "../wasm/memory.layout.ts";
import wasm from "./random_kernels.wasm.b64" with { type: "text" };

/** Upper two counter words and the key, constant over a sequence of blocks. */
export interface PhiloxStream {
  readonly counter2: number;
  readonly counter3: number;
  readonly key0: number;
  readonly key1: number;
}

/** Words generated at a time: words and normal numbers together fit in the L1 cache. */
export const CHUNK = 1024;

/** Exports of random_kernels.as.ts; addresses are byte offsets into the memory. */
interface Kernels {
  philox(
    blocks: number,
    counter0: number,
    counter1: number,
    counter2: number,
    counter3: number,
    key0: number,
    key1: number,
    out: number,
  ): void;
  storeRadiusConstants(at: number): void;
  radii(pairs: number, words: number, out: number, constants: number): void;
  storeTurnConstants(at: number): void;
  normals(pairs: number, words: number, radii: number, out: number, constants: number): void;
  toFloat32(count: number, x: number, out: number): void;
}

/** The first page stays empty; see `WORDS_AT`. */
const BEGIN = memorySizes.values.WORDS_AT;

/** Byte offsets of the constants and of a chunk's buffers. */
const layout = {
  radiusConstants: BEGIN,
  turnConstants: BEGIN + 192,
  words: BEGIN + 384,
  radii: BEGIN + 384 + 4 * CHUNK,
  normals: BEGIN + 384 + 8 * CHUNK,
  normals32: BEGIN + 384 + 16 * CHUNK,
};

/** The kernels check nothing, and the memory has room for one chunk. */
function requireChunk(count: number): void {
  if (Number.isInteger(count) && count >= 0 && count <= CHUNK) return;
  throw new RangeError(`random numbers: expected at most ${CHUNK} at a time, got ${count}`);
}

/** The kernels of random_kernels.as.ts with their own memory. */
export class RandomKernels {
  readonly #kernels: Kernels;
  readonly #words: Uint32Array;
  readonly #normals: Float64Array;
  readonly #normals32: Float32Array;

  constructor() {
    const memory = ownMemory(2);
    const module = new WebAssembly.Module(fromBase64(wasm));
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.#kernels = exports as unknown as Kernels;
    this.#kernels.storeRadiusConstants(layout.radiusConstants);
    this.#kernels.storeTurnConstants(layout.turnConstants);
    this.#words = new Uint32Array(memory.buffer, layout.words, CHUNK);
    this.#normals = new Float64Array(memory.buffer, layout.normals, CHUNK);
    this.#normals32 = new Float32Array(memory.buffer, layout.normals32, CHUNK);
  }

  /**
   * Words of consecutive blocks of Philox 4x32-10, the counter-based generator behind all of
   * Fluxion's random numbers: a block of four words is a pure function of counter and key.
   * Arguments are taken modulo 2^32.
   *
   * @param counter0 Lowest word of the first block's counter.
   * @param counter1 The next higher word.
   * @param count At most {@link CHUNK}.
   * @returns [at least count], a view that is valid until the next call.
   */
  words(stream: PhiloxStream, counter0: number, counter1: number, count: number): Uint32Array {
    requireChunk(count);
    const { counter2, counter3, key0, key1 } = stream;
    const blocks = 4 * Math.ceil(count / 16);
    this.#kernels.philox(
      ...[blocks, counter0, counter1, counter2, counter3, key0, key1, layout.words] as const,
    );
    return this.#words;
  }

  /**
   * Standard normal numbers from the first `count` words of the last {@link words} call, one per
   * word.
   *
   * @returns [at least count], a view that is valid until the next call.
   */
  normals(count: number, bits: 32 | 64): Float32Array | Float64Array {
    requireChunk(count);
    const pairs = 2 * Math.ceil(count / 4);
    const { words, radii, normals, normals32, radiusConstants, turnConstants } = layout;
    this.#kernels.radii(pairs, words, radii, radiusConstants);
    this.#kernels.normals(pairs, words, radii, normals, turnConstants);
    if (bits === 64) return this.#normals;
    this.#kernels.toFloat32(2 * pairs, normals, normals32);
    return this.#normals32;
  }
}
