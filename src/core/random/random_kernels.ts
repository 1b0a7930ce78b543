import { fromBase64 } from "../base64.ts";
import { ownMemory } from "../wasm/guarded_memory.ts";
import { memorySizes } from "../wasm/memory.layout.ts";
import wasm from "./random_kernels.wasm.b64" with { type: "text" };

/** A counter's upper two words and the key: what stays the same along a sequence of blocks. */
export interface PhiloxStream {
  readonly counter2: number;
  readonly counter3: number;
  readonly key0: number;
  readonly key1: number;
}

/** Words that are made at a time: they and their numbers stay in a core's nearest cache. */
export const CHUNK = 1024;

/** What random_kernels.as.ts exports; addresses are bytes of the memory. */
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

/** The first page stays empty; see there. */
const BEGIN = memorySizes.values.WORDS_AT;

/** Where things lie in the memory, in bytes: constants, and what is made of a chunk. */
const layout = {
  radiusConstants: BEGIN,
  turnConstants: BEGIN + 192,
  words: BEGIN + 384,
  radii: BEGIN + 384 + 4 * CHUNK,
  normals: BEGIN + 384 + 8 * CHUNK,
  normals32: BEGIN + 384 + 16 * CHUNK,
};

/** The memory has room for so many, and the kernels check nothing. */
function requireChunk(count: number): void {
  if (Number.isInteger(count) && count >= 0 && count <= CHUNK) return;
  throw new RangeError(`random numbers: expected at most ${CHUNK} at a time, got ${count}`);
}

/** The kernels of random_kernels.as.ts on a memory of their own. */
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
   * Words of Philox 4x32-10, the counter-based generator on which all of Fluxion's randomness
   * rests: four words, a block, are a pure function of a counter and a key. The blocks are
   * consecutive; all words are taken modulo 2^32.
   *
   * @param counter0 Lowest word of the first block's counter.
   * @param counter1 The word above it.
   * @param count At most {@link CHUNK}.
   * @returns [at least count]; they last until the next call.
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
   * The standard normal numbers that the first `count` of the last words give, word for number.
   *
   * @returns [at least count]; they last until the next call.
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
