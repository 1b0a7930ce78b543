import { fromBase64 } from "../../core/base64.ts";
import { stopWord } from "../../core/stop.ts";
import { onSharedMemory } from "../../core/wasm/memory_rewrite.ts";
import type { Block, EngineMemory } from "../../ode/engines/cpu/engine_memory.ts";
import { engineModule } from "../../ode/engines/cpu/engine_module.ts";
import type { AdamStepSettings } from "../../ops/adam/contract.ts";
import { adamArguments, type AdamKernels, adamModule } from "../../ops/adam/kernels.ts";
import { squaresRanges } from "../../ops/adam/squares_ranges.ts";
import { sumNumbers } from "../../ops/elementwise/sum_numbers.ts";
import { moduleFunctions } from "../../threads/module_functions.ts";
import { requireInside } from "../../threads/operands.ts";
import type { SimdChoice } from "../../threads/simd_module.ts";
import type { Moments } from "./optimizer.ts";

/** Weights with their moments and moving average, flat and in device order. */
export interface AdamNumbers {
  readonly weights: Float32Array;
  readonly moments: Moments;
  /** null if there is none. */
  readonly average: Float32Array | null;
}

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** The vectors of a step. */
const names = ["weights", "m", "v", "average", "gradient", "squares"] as const;

/**
 * Adam over weights in the CPU engine's memory: formulas and bits of `src/ops/adam` without tensors, on
 * the calling thread. Dispose it.
 */
export class NumberAdam {
  readonly #memory: EngineMemory;
  readonly #block: Block;
  readonly #kernels: AdamKernels;
  readonly #size: number;
  readonly #averages: boolean;
  /** Addresses of the vectors. */
  readonly #at: Readonly<Record<(typeof names)[number], number>>;

  private constructor(
    { memory, kernels, start }: {
      readonly memory: EngineMemory;
      readonly kernels: AdamKernels;
      readonly start: AdamNumbers;
    },
  ) {
    const { weights, moments: { m, v }, average } = start;
    this.#memory = memory;
    this.#kernels = kernels;
    this.#size = weights.length;
    this.#averages = average !== null;
    // Each vector begins on a cache line.
    const stride = 64 * Math.ceil(BYTES * this.#size / 64);
    this.#block = memory.allocate(names.length * stride + 64);
    this.#at = Object.fromEntries(
      names.map((name, i) => [name, this.#block.at + i * stride]),
    ) as Record<(typeof names)[number], number>;
    const state = { weights, m, v, ...(average === null ? {} : { average }) };
    for (const [name, values] of Object.entries(state) as [keyof typeof state, Float32Array][]) {
      this.#view(name).set(values);
    }
  }

  /**
   * Starts from a state, which is copied.
   *
   * @param build Of the engine in whose memory it is; Adam has the same bits in both.
   * @throws {RangeError} If sizes differ.
   * @throws {FailureError} If there is no memory left.
   */
  static async start(state: AdamNumbers, build: SimdChoice): Promise<NumberAdam> {
    const { weights, moments: { m, v }, average } = state;
    const sizes = [weights, m, v, ...(average === null ? [] : [average])].map((one) => one.length);
    if (sizes[0] === 0 || new Set(sizes).size > 1) {
      throw new RangeError(`Adam: expected vectors of one size, got ${sizes}`);
    }
    const { memory } = await engineModule(build);
    const bytes = onSharedMemory(fromBase64(adamModule.builds.plain), "memory");
    const functions = moduleFunctions([new WebAssembly.Module(bytes)], memory.memory, stopWord);
    const kernels = functions as unknown as AdamKernels;
    return new NumberAdam({ memory, kernels, start: state });
  }

  /** The vector's values: a view. */
  #view(name: (typeof names)[number]): Float32Array<ArrayBufferLike> {
    return new Float32Array(this.#memory.memory.buffer, this.#at[name], this.#size);
  }

  /**
   * Takes one step.
   *
   * @throws {RangeError} If the gradient has another size than the weights.
   */
  update(gradient: Float32Array, settings: AdamStepSettings): void {
    if (gradient.length !== this.#size) {
      throw new RangeError(`Adam: expected ${this.#size} numbers, got ${gradient.length}`);
    }
    requireInside(this.#memory.memory.buffer.byteLength, this.#block.at, this.#block.bytes, "Adam");
    this.#view("gradient").set(gradient);
    if (settings.clip > 0) this.#sumOfSquares();
    const { weights, m, v, average, gradient: at, squares } = this.#at;
    const state = { weights, m, v, average: this.#averages ? average : 0 };
    this.#kernels.adam(
      ...adamArguments(
        { count: this.#size, state, gradient: at, next: state, squares },
        settings,
      ),
    );
  }

  /** Writes the sum of the gradient's squares. */
  #sumOfSquares(): void {
    const { gradient, squares } = this.#at;
    const parts = squaresRanges(this.#size);
    parts.forEach(({ first, count }, part) =>
      this.#kernels.sumOfSquares(count, gradient + BYTES * first, squares + BYTES * part)
    );
    if (parts.length === 1) return;
    const view = new Float32Array(this.#memory.memory.buffer, squares, parts.length);
    view[0] = sumNumbers(view as Float32Array);
  }

  /** A copy of the state. */
  read(): AdamNumbers & { readonly weights: Float32Array<ArrayBuffer> } {
    const copy = (name: (typeof names)[number]) => new Float32Array(this.#view(name));
    return {
      weights: copy("weights"),
      moments: { m: copy("m"), v: copy("v") },
      average: this.#averages ? copy("average") : null,
    };
  }

  /** A copy of the weights. */
  weights(): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#view("weights"));
  }

  /** Frees the memory. */
  dispose(): void {
    this.#memory.release(this.#block);
  }
}
