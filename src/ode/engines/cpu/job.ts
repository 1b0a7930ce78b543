import { FailureError } from "../../../core/errors.ts";
import { option } from "../../../core/options/spelling.ts";
import { roundUp } from "../../../core/numbers/round_up.ts";
import { Stopped } from "../../../core/stop.ts";
import {
  readField,
  type RecordPlace,
  recordReader,
  writeField,
} from "../../../core/wasm/record_layout.ts";
import { requireInside } from "../../../threads/operands.ts";
import type { Block } from "./engine_memory.ts";
import type { EngineModule } from "./engine_module.ts";
import { engineSizes, groupFailures, jobFailures, jobLayout, reportLayout } from "./job.layout.ts";
import {
  blockBytes,
  groupsOf,
  type JobShape,
  lanesOf,
  scratchBytes,
  type ScratchUse,
  threadsThatFit,
} from "./job_sizes.ts";
import type { SolveFailure, SolveReport } from "../engine.ts";

/** The module's multithreaded functions, with the use of their scratch memory. */
const scratchUses = {
  solveGroups: "solve",
  pullBackTiles: "pullBack",
  solveAndPullBack: "pullBack",
  solveAdjointGroups: "adjoint",
} as const satisfies Record<string, ScratchUse>;

/** A multithreaded function. */
export type ThreadFunction = keyof typeof scratchUses;

/** A field of a job. */
export type JobField = keyof typeof jobLayout.at;

/** Sizes in bytes of arrays, by the job field that holds their address. */
export type JobArrays = Readonly<Partial<Record<JobField, number>>>;

/** A job in the engine's memory. */
export class Job {
  readonly shape: JobShape;
  /** Address of the record. */
  readonly address: number;
  readonly #module: EngineModule;
  readonly #blocks: Block[] = [];
  readonly #record: RecordPlace<JobField>;
  /** Sizes in bytes of the arrays, by the field that holds their address. */
  readonly #arrays = new Map<JobField, number>();

  constructor(module: EngineModule, shape: JobShape) {
    this.#module = module;
    this.shape = shape;
    const block = module.memory.allocate(jobLayout.bytes);
    this.#blocks.push(block);
    this.address = block.at;
    this.#record = { memory: module.memory.memory, at: block.at, layout: jobLayout };
    this.#bytes().fill(0);
  }

  get #buffer(): ArrayBufferLike {
    return this.#module.memory.memory.buffer;
  }

  #bytes(): Uint8Array {
    return new Uint8Array(this.#buffer, this.address, jobLayout.bytes);
  }

  /** Allocates arrays, aligned to cache lines, in a block that lives as long as the job. */
  take(arrays: JobArrays): void {
    const block = this.#module.memory.allocate(blockBytes(arrays));
    this.#blocks.push(block);
    this.lay(arrays, block);
  }

  /** Lays arrays out in a block. */
  lay(arrays: JobArrays, block: Block): void {
    let next = block.at;
    for (const [field, bytes] of Object.entries(arrays) as [JobField, number][]) {
      this.set({ [field]: next });
      this.#arrays.set(field, bytes);
      next += roundUp(bytes, 64);
    }
    requireInside(block.bytes, 0, next - block.at, "the arrays of a job");
  }

  /** Copies another job's fields and array addresses; the other job keeps ownership of the memory. */
  copy(other: Job): void {
    this.#bytes().set(other.#bytes());
    for (const [field, bytes] of other.#arrays) this.#arrays.set(field, bytes);
  }

  /** @throws {RangeError} If a value is out of the range of its field's type. */
  set(fields: Readonly<Partial<Record<JobField, number>>>): void {
    for (const [field, value] of Object.entries(fields) as [JobField, number][]) {
      writeField(this.#record, field, value);
    }
  }

  get(field: JobField): number {
    return readField(this.#record, field);
  }

  floats(address: number, count: number): Float32Array<ArrayBufferLike> {
    return new Float32Array(this.#buffer, address, count);
  }

  doubles(address: number, count: number): Float64Array<ArrayBufferLike> {
    return new Float64Array(this.#buffer, address, count);
  }

  /** Bytes of the chunks that hold the step records and their activations. */
  recordBytes(): number {
    let chunks = 0;
    // Each chunk starts with the address of the next; see kernel/records.part.as.ts.
    for (let at = this.get("chunks"); at !== 0; at = new Uint32Array(this.#buffer, at, 1)[0]!) {
      chunks++;
    }
    return chunks * engineSizes.values.CHUNK_BYTES;
  }

  /** Prepares the parameters. */
  prepare(): void {
    this.#check();
    this.#module.loaded.functions.prepareJob!(this.address);
  }

  /** Adds up the partial sums of the parameters' cotangent. */
  addPartialSums(): void {
    this.#check();
    this.#module.loaded.functions.addPartialSums!(this.address);
  }

  /**
   * Runs a function of the module on all threads until `items` items are done.
   *
   * @param givenLanes Items that a thread takes side by side, if not as many as `lanesOf` says.
   * @throws {Stopped} If it was interrupted.
   * @throws {FailureError} If there was no memory for a record, or a thread failed.
   */
  async run(
    name: ThreadFunction,
    items: number,
    threads: number,
    givenLanes?: 1 | 2,
  ): Promise<void> {
    const { pool, loaded, memory } = this.#module;
    const use = scratchUses[name];
    const used = threadsThatFit(this.shape, use, Math.min(threads, items));
    const lanes = givenLanes ?? lanesOf(this.shape, use, used);
    const perGroup = scratchBytes(this.shape, use);
    const bytes = lanes * perGroup;
    const scratch = memory.allocate(bytes * used);
    try {
      this.set({
        scratchBytes: perGroup,
        lanes,
        pulls: Number(use !== "solve"),
        nextItem: 0,
      });
      this.#check();
      // A task per thread: it takes items until none is left.
      const task = [{ name, values: [this.address, { own: 0 }] }];
      const tasks = Array.from({ length: used }, () => task);
      await pool.runAsync(loaded, tasks, { threads: used, scratch: { at: scratch.at, bytes } });
    } finally {
      memory.release(scratch);
    }
    const failed = this.get("failed");
    if (failed === jobFailures.values.stopped) throw new Stopped("a solve was asked to stop");
    if (failed !== 0) {
      throw new FailureError(
        `the CPU engine has no memory left for the steps of this solve: try fewer steps, a smaller ${
          option("batchSize")
        }, or ${option("gradient", "adjoint")}`,
      );
    }
  }

  /** Reports of the groups, in order. */
  reports(): SolveReport[] {
    const { rows, groupRows } = this.shape, groups = groupsOf(this.shape);
    const { memory } = this.#module.memory;
    const read = recordReader({ memory, at: this.get("reports"), layout: reportLayout }, groups);
    return Array.from({ length: groups }, (_, group) => {
      const first = group * groupRows;
      return {
        nfe: read(group, "nfe"),
        accepted: read(group, "accepted"),
        rejected: read(group, "rejected"),
        rows: [first, Math.min(first + groupRows, rows)],
        failure: failureOf((field) => read(group, field)),
      };
    });
  }

  /** Checks that every array is within the memory, which the module does not check. */
  #check(): void {
    const { byteLength } = this.#buffer;
    requireInside(byteLength, this.address, jobLayout.bytes, "a job");
    for (const [field, bytes] of this.#arrays) {
      requireInside(byteLength, this.get(field), bytes, `the array ${field} of a job`);
    }
  }

  dispose(): void {
    if (this.#blocks.length === 0) return;
    this.#module.loaded.functions.giveRecords!(this.address);
    for (const block of this.#blocks.splice(0)) this.#module.memory.release(block);
  }
}

function failureOf(read: (field: keyof typeof reportLayout.at) => number): SolveFailure | null {
  const { stepSizeUnderflow, nonFinite, maxStepsReached } = groupFailures.values;
  const stopped = () => ({ t: read("t"), h: read("h") });
  switch (read("failure")) {
    case stepSizeUnderflow:
      return { kind: "stepSizeUnderflow", ...stopped() };
    case nonFinite:
      return { kind: "nonFinite", ...stopped() };
    case maxStepsReached:
      return { kind: "maxStepsReached", ...stopped() };
    default:
      return null;
  }
}
