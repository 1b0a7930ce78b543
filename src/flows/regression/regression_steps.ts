import { blockBytes } from "../../ode/engines/cpu/job_sizes.ts";
import { fromBase64 } from "../../core/base64.ts";
import { FailureError } from "../../core/errors.ts";
import { roundUp } from "../../core/numbers/round_up.ts";
import { readField, type RecordPlace, writeField } from "../../core/wasm/record_layout.ts";
import type { DrawKeys } from "../losses/fm_draws.ts";
import type { Block } from "../../ode/engines/cpu/engine_memory.ts";
import { type EngineModule, engineModule } from "../../ode/engines/cpu/engine_module.ts";
import { adamScales, BETA1, BETA2, CLIP_EPSILON, EPSILON } from "../../ops/adam/contract.ts";
import { parameterCount } from "../../ops/mlp_field/simd_sizes.ts";
import { requireInside } from "../../threads/operands.ts";
import { type SimdChoice, simdModule } from "../../threads/simd_module.ts";
import type { LoadedModules } from "../../threads/thread_pool.ts";
import plain from "./kernel/regression.plain.wasm.b64" with { type: "text" };
import relaxed from "./kernel/regression.relaxed.wasm.b64" with { type: "text" };
import { regressionCounts, regressionLayout, stepSettingsLayout } from "./regression.layout.ts";
import {
  blockCount,
  chunkTiles,
  mostSteps,
  regressionArrays,
  regressionFits,
  type RegressionShape,
  scratchBytes,
  threadsThatFit,
  tileBytes,
} from "./regression_sizes.ts";

/** What the next step is a function of, each flat and in device order. */
export interface RegressionState {
  readonly weights: Float32Array;
  /** Moving average of the weights; null if there is none. */
  readonly average: Float32Array | null;
  /** Adam's moments. */
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/** Settings of all steps; see {@link adamScales}. */
export interface RegressionSettings {
  /** Largest norm of the gradient; 0: no clipping. */
  readonly clip: number;
  /** Coefficient of the L2 penalty. */
  readonly weightDecay: number;
}

/**
 * Draws that the module makes itself, on all threads: uniform times, a standard normal source, each
 * row of it with the data of the same row, and the linear path (paths/linear_path.ts).
 */
export interface RegressionDraws {
  /** 1 - sigmaMin. */
  readonly slope: number;
}

/** Settings of one step. */
export interface RegressionStep {
  /** Number of steps taken before. */
  readonly step: number;
  readonly lr: number;
  /** Decay of the moving average, if there is one. */
  readonly averageDecay: number;
  /** Keys of the draws, of one seed, if the module makes them. */
  readonly keys?: Pick<DrawKeys, "noiseKey" | "timesKey">;
}

/** Inputs of one step, to be filled in: views of the module's memory. */
export interface RegressionInputs {
  /** Data, [rows * dims], row-major. */
  readonly x1: Float32Array;
  /** Draws of the source, each paired with the data of the same row. */
  readonly x0: Float32Array;
  /** Time and path of each row, [rows] each: x_t = alpha x1 + sigma x0. */
  readonly times: Float32Array;
  readonly alpha: Float32Array;
  readonly sigma: Float32Array;
  readonly dAlpha: Float32Array;
  readonly dSigma: Float32Array;
}

type Field = keyof typeof regressionLayout.at;

// One per memory, like the engine's own module.
const modules = new Map<SimdChoice, Promise<LoadedModules>>();

function loadedModule(build: SimdChoice, { pool, memory }: EngineModule): Promise<LoadedModules> {
  let loaded = modules.get(build);
  if (loaded === undefined) {
    const module = simdModule({ relaxed: fromBase64(relaxed), plain: fromBase64(plain) }, build);
    loaded = Promise.resolve(pool.load([module], memory.memory, "a worker of the training step"));
    modules.set(build, loaded);
  }
  return loaded;
}

function writeKeys(
  place: RecordPlace<keyof typeof stepSettingsLayout.at>,
  { noiseKey, timesKey }: Pick<DrawKeys, "noiseKey" | "timesKey">,
): void {
  const { seed } = noiseKey;
  writeField(place, "seedLow", seed % 2 ** 32);
  writeField(place, "seedHigh", Math.floor(seed / 2 ** 32));
  writeField(place, "noiseStream", noiseKey.stream);
  writeField(place, "noiseSubsequence", noiseKey.subsequence ?? 0);
  writeField(place, "timesStream", timesKey.stream);
  writeField(place, "timesSubsequence", timesKey.subsequence ?? 0);
}

/**
 * Training steps of the regression of a ConditionalMLP on the velocities of a path, in WebAssembly:
 * several per call and on all threads. Formulas: losses/fm_loss.ts and ops/adam/adam_step.ts.
 *
 * A shape that `evaluates` computes the errors of rows and changes no weight.
 *
 * Weights and moments stay in the CPU engine's memory. Their bits are the same for any number of
 * threads and of steps per call. Dispose it.
 */
export class RegressionSteps {
  readonly shape: RegressionShape;
  /** Largest number of steps per call. */
  readonly mostSteps: number;
  /** Largest number of threads. */
  readonly threads: number;
  readonly #engine: EngineModule;
  readonly #loaded: LoadedModules;
  readonly #tiles: "narrow" | "wide" | undefined;
  readonly #record: RecordPlace<Field>;
  readonly #arrays: Readonly<Partial<Record<Field, number>>>;
  readonly #blocks: readonly Block[];
  readonly #scratch: Block;
  /** Views, by step of a call. */
  readonly #inputs: RegressionInputs[] = [];

  private constructor(
    { shape, engine, loaded, threads, tiles }: {
      readonly shape: RegressionShape;
      readonly engine: EngineModule;
      readonly loaded: LoadedModules;
      readonly threads: number;
      readonly tiles: "narrow" | "wide" | undefined;
    },
  ) {
    this.shape = shape;
    this.mostSteps = mostSteps(shape);
    this.#engine = engine;
    this.#loaded = loaded;
    this.threads = threadsThatFit(shape, threads);
    this.#tiles = tiles;
    this.#arrays = regressionArrays(shape);
    const { memory } = engine, blocks: Block[] = [];
    try {
      for (
        const bytes of [
          regressionLayout.bytes,
          blockBytes(this.#arrays as Record<string, number>),
          scratchBytes(shape) * this.threads,
        ]
      ) blocks.push(memory.allocate(bytes));
    } catch (error) {
      for (const block of blocks) memory.release(block);
      throw error;
    }
    const [record, arrays, scratch] = blocks as [Block, Block, Block];
    this.#blocks = blocks;
    this.#scratch = scratch;
    this.#record = { memory: memory.memory, at: record.at, layout: regressionLayout };
    new Uint8Array(memory.memory.buffer, record.at, regressionLayout.bytes).fill(0);
    let next = arrays.at;
    for (const [field, bytes] of Object.entries(this.#arrays) as [Field, number][]) {
      writeField(this.#record, field, next);
      next += roundUp(bytes, 64);
    }
  }

  /**
   * Starts from a state.
   *
   * @param options.threads Largest number of threads.
   * @param options.tiles Register tiles; by default the faster kind on this machine. The bits are the
   *   same.
   * @param options.draws If given, the module makes the draws, and only the data are filled in.
   * @throws {RangeError} If the state has another size than the network, or the regression does not
   *   fit (`regressionFits`).
   * @throws {FailureError} If there is no memory left.
   */
  static async start(
    shape: RegressionShape,
    state: RegressionState,
    options: RegressionSettings & {
      readonly threads: number;
      readonly build: SimdChoice;
      readonly tiles?: "narrow" | "wide" | undefined;
      readonly draws?: RegressionDraws | null;
    },
  ): Promise<RegressionSteps> {
    const { weights, average, m, v } = state;
    const { dims, hidden, rows, averages } = shape;
    if (![dims, hidden, rows].every((size) => Number.isSafeInteger(size) && size > 0)) {
      throw new RangeError(`regression: expected positive sizes, got ${[dims, hidden, rows]}`);
    }
    const size = parameterCount({ dims, hidden, directions: 0, probed: false });
    const vectors = [weights, m, v, ...(average === null ? [] : [average])];
    if (vectors.some(({ length }) => length !== size) || averages !== (average !== null)) {
      throw new RangeError(
        `regression: expected vectors of ${size}, got ${vectors.map(({ length }) => length)}`,
      );
    }
    if (!regressionFits(shape)) {
      throw new RangeError(`regression: width ${hidden} and ${rows} rows do not fit its memory`);
    }
    const engine = await engineModule(options.build);
    const loaded = await loadedModule(options.build, engine);
    const { threads, tiles } = options;
    const steps = new RegressionSteps({ shape, engine, loaded, threads, tiles });
    try {
      steps.#begin(state, options);
      return steps;
    } catch (error) {
      steps.dispose();
      throw error;
    }
  }

  #begin(
    state: RegressionState,
    { clip, weightDecay, draws = null }: RegressionSettings & {
      readonly draws?: RegressionDraws | null;
    },
  ): void {
    const { dims, hidden, rows } = this.shape;
    this.#set({
      ...{ dims, hidden, rows },
      directions: 0,
      wide: this.#wide(),
      preparedBytes: this.#arrays.prepared!,
      scratchBytes: scratchBytes(this.shape),
      tileBytes: tileBytes(this.shape),
      blocks: blockCount(this.shape),
      chunkTiles: chunkTiles(this.shape),
      maxNorm: clip,
      weightDecay,
      firstDecay: BETA1,
      secondDecay: BETA2,
      epsilon: EPSILON,
      clipEpsilon: CLIP_EPSILON,
      draws: Number(draws !== null),
      slope: draws?.slope ?? 0,
    });
    this.#floats("weights").set(state.weights);
    this.#floats("firstMoment").set(state.m);
    this.#floats("secondMoment").set(state.v);
    if (state.average !== null) this.#floats("average").set(state.average);
    // Uninitialised memory: the padding of planes is never read, but words are.
    this.#floats("words").fill(0);
    this.#check();
    this.#loaded.functions.prepareRegression!(this.#record.at);
  }

  /**
   * Goes on with other weights.
   *
   * @throws {RangeError} If they are of another network.
   */
  replaceWeights(weights: Float32Array): void {
    const present = this.#floats("weights");
    if (weights.length !== present.length) {
      throw new RangeError(`regression: expected ${present.length} weights, got ${weights.length}`);
    }
    present.set(weights);
    this.#check();
    this.#loaded.functions.prepareRegression!(this.#record.at);
  }

  /**
   * The inputs of the `index`-th step of the next call, to be filled in completely; only the data if
   * the module makes the draws.
   */
  inputs(index: number): RegressionInputs {
    if (!(Number.isInteger(index) && index >= 0 && index < this.mostSteps)) {
      throw new RangeError(`regression: expected a step below ${this.mostSteps}, got ${index}`);
    }
    return this.#inputs[index] ??= this.#viewInputs(index);
  }

  #viewInputs(index: number): RegressionInputs {
    const { rows, dims } = this.shape;
    const batch = rows * dims, { PATH_NUMBERS } = regressionCounts.values;
    const x1 = this.#floats("x1"), x0 = this.#floats("x0"), path = this.#floats("path");
    const column = (which: number) => {
      const first = (index * PATH_NUMBERS + which) * rows;
      return path.subarray(first, first + rows);
    };
    return {
      x1: x1.subarray(index * batch, (index + 1) * batch),
      x0: x0.subarray(index * batch, (index + 1) * batch),
      times: column(0),
      alpha: column(1),
      sigma: column(2),
      dAlpha: column(3),
      dSigma: column(4),
    };
  }

  /**
   * Takes steps with the inputs that were filled in; blocks until they are done.
   *
   * @param settings One per step, at most {@link mostSteps}.
   * @param most Largest number of threads for this call.
   * @returns The losses of the steps that were taken, fewer than asked for if a stop was asked for:
   *   a step is taken as a whole or not at all.
   * @throws {FailureError} If a thread fails.
   */
  run(settings: readonly RegressionStep[], most: number = this.threads): Float32Array {
    const steps = settings.length, threads = Math.max(1, Math.min(this.threads, most));
    if (steps === 0 || steps > this.mostSteps) {
      throw new RangeError(`regression: expected 1 to ${this.mostSteps} steps, got ${steps}`);
    }
    const { memory } = this.#record, draws = this.#get("draws") !== 0;
    if (settings.some(({ keys }) => (keys !== undefined) !== draws)) {
      throw new RangeError(`regression: expected ${draws ? "" : "no "}keys of each step's draws`);
    }
    settings.forEach((one, i) => {
      const at = this.#get("settings") + i * stepSettingsLayout.bytes;
      const { secondScale, rate } = adamScales(one);
      const place = { memory, at, layout: stepSettingsLayout };
      writeField(place, "averageDecay", one.averageDecay);
      writeField(place, "secondScale", secondScale);
      writeField(place, "rate", rate);
      if (one.keys !== undefined) writeKeys(place, one.keys);
    });
    this.#floats("words").fill(0);
    this.#set({ steps, wide: this.#wide() });
    this.#check();
    const { pool } = this.#engine, { functions } = this.#loaded;
    functions.beginSteps!(this.#record.at);
    // A task per thread: it takes part until all steps are done.
    const task = [{ name: "takeSteps", values: [this.#record.at, { own: 0 }] }];
    pool.run(this.#loaded, Array.from({ length: threads }, () => task), {
      threads,
      scratch: { at: this.#scratch.at, bytes: scratchBytes(this.shape) },
    });
    return this.#floats("losses").slice(0, this.#get("step"));
  }

  /** Mean squared errors of the rows of a step that {@link run} evaluated, [rows]: a copy. */
  rowLosses(index: number): Float32Array {
    const { rows } = this.shape;
    return this.#floats("rowLosses").slice(index * rows, (index + 1) * rows);
  }

  /** A copy of the state. */
  read(): RegressionState {
    const copy = (field: Field) => new Float32Array(this.#floats(field));
    return {
      weights: copy("weights"),
      average: this.shape.averages ? copy("average") : null,
      m: copy("firstMoment"),
      v: copy("secondMoment"),
    };
  }

  #wide(): number {
    return this.#tiles === undefined ? this.#engine.tiles.wide : Number(this.#tiles === "wide");
  }

  #set(fields: Readonly<Partial<Record<Field, number>>>): void {
    for (const [field, value] of Object.entries(fields) as [Field, number][]) {
      writeField(this.#record, field, value);
    }
  }

  #get(field: Field): number {
    return readField(this.#record, field);
  }

  /** View of an array. */
  #floats(field: Field): Float32Array<ArrayBufferLike> {
    return new Float32Array(this.#record.memory.buffer, this.#get(field), this.#arrays[field]! / 4);
  }

  /** Checks that every array is within the memory, which the module does not check. */
  #check(): void {
    const { byteLength } = this.#record.memory.buffer;
    const [record, arrays, scratch] = this.#blocks;
    if (record === undefined) throw new FailureError("regression: it was disposed");
    requireInside(byteLength, record.at, regressionLayout.bytes, "a regression");
    requireInside(byteLength, scratch!.at, scratch!.bytes, "a regression's scratch memory");
    for (const [field, bytes] of Object.entries(this.#arrays) as [Field, number][]) {
      const at = this.#get(field);
      requireInside(byteLength, at, bytes, `the array ${field} of a regression`);
      requireInside(arrays!.bytes, at - arrays!.at, bytes, `the array ${field} of a regression`);
    }
  }

  /** Frees its memory. */
  dispose(): void {
    for (const block of (this.#blocks as Block[]).splice(0)) this.#engine.memory.release(block);
  }
}
