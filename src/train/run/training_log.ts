import { writeFileAtomic } from "../../core/files/atomic_file.ts";
import { lines } from "../../core/files/bounded_file.ts";
import { ownFileChunks } from "../../core/files/own_file.ts";
import { FailureError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";

/** Maximum size of a log that is read: 8 GiB, a hundred million steps. */
const MAX_LOG_BYTES = 2 ** 33;

/** Maximum line length of a log in UTF-16 units; an entry has about a hundred. */
const MAX_LINE_LENGTH = 2 ** 16;

/** Entry of `log.jsonl` for one training step. */
export interface StepEntry {
  /** Step number, from 1. */
  readonly step: number;
  /** Loss of the batch; in nats for a CNF. */
  readonly loss: number;
  /** Milliseconds per step; the mean over steps whose losses were read together. */
  readonly stepMs: number;
  /** Field evaluations of the forward solve, mean over control groups; null for flow matching. */
  readonly nfe: number | null;
  /** Mean integral of |f|^2 over the solve, where it is penalised. */
  readonly kinetic?: number;
  /** Mean integral of |df/dz|_F^2 over the solve, where it is penalised. */
  readonly jacobian?: number;
  /** Steps that a solve at 1e-5 would take, where they are penalised. */
  readonly predictedSteps?: number;
}

/** Entry of `log.jsonl` for one evaluation. */
export interface EvaluationEntry {
  /** Training steps done. */
  readonly step: number;
  /** Epoch of the step, from 1; 0 before the first step. */
  readonly epoch: number;
  /** Loss over the first test rows; in nats for a CNF, solved at 1e-5. */
  readonly testLoss: number;
  /** Loss over the validation rows; absent if there are none, or not at this step. */
  readonly validationLoss?: number;
}

/** Contents of a log, in the order of its lines. */
export interface TrainingLog {
  /** Training steps, in order. */
  readonly steps: readonly StepEntry[];
  /** Evaluations, in order. */
  readonly evaluations: readonly EvaluationEntry[];
}

type Entry = StepEntry | EvaluationEntry;

/**
 * Reads a log, skipping incomplete lines (as after a crash) and lines of another format.
 *
 * @returns An empty log if the file does not exist.
 */
export async function readLog(path: string): Promise<TrainingLog> {
  const entries = await readEntries(path);
  return {
    steps: entries.filter(isStepEntry),
    evaluations: entries.filter(isEvaluationEntry),
  };
}

async function readEntries(path: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  try {
    // Read line by line: a log of millions of steps exceeds the maximum string length.
    for await (const line of lines(ownFileChunks(path, MAX_LOG_BYTES), MAX_LINE_LENGTH)) {
      const entry = parseLine(line);
      if (entry !== null) entries.push(entry);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return entries;
}

function parseLine(line: string): Entry | null {
  try {
    const entry = JSON.parse(line);
    return isStepEntry(entry) || isEvaluationEntry(entry) ? entry : null;
  } catch {
    return null;
  }
}

type Fields<T> = { readonly [K in keyof T]?: unknown };

function isStepEntry(entry: Fields<StepEntry>): entry is StepEntry {
  const { step, loss, stepMs, nfe, kinetic = 0, jacobian = 0, predictedSteps = 0 } = entry;
  return Number.isSafeInteger(step) && Number.isFinite(loss) && Number.isFinite(stepMs) &&
    (nfe === null || Number.isFinite(nfe)) && Number.isFinite(kinetic) &&
    Number.isFinite(jacobian) && Number.isFinite(predictedSteps);
}

function isEvaluationEntry(entry: Fields<EvaluationEntry>): entry is EvaluationEntry {
  const { step, epoch, testLoss, validationLoss } = entry;
  return Number.isSafeInteger(step) && Number.isSafeInteger(epoch) && Number.isFinite(testLoss) &&
    (validationLoss === undefined || Number.isFinite(validationLoss));
}

/**
 * Truncates a log to training step `step`, so that a resumed run writes every later step once.
 */
export async function cutLog(path: string, step: number): Promise<TrainingLog> {
  const kept = (await readEntries(path)).filter((entry) => entry.step <= step);
  await writeFileAtomic(path, kept.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  return readLog(path);
}

/** Appends entries to a log. Must be disposed. */
export class LogWriter {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /** Opens the log for appending, creating it if necessary. */
  static async open(path: string): Promise<LogWriter> {
    return new LogWriter(path, await Deno.open(path, { append: true, create: true }));
  }

  /**
   * Appends entries.
   *
   * @throws {FailureError} If they cannot be written.
   */
  append(entries: readonly Entry[]): void {
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    const bytes = new TextEncoder().encode(text);
    this.#attempt(() => {
      for (let written = 0; written < bytes.length;) {
        written += this.#file.writeSync(bytes.subarray(written));
      }
    });
  }

  /** Flushes appended entries to disk. */
  sync(): void {
    this.#attempt(() => this.#file.syncSync());
  }

  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw new FailureError(
        `${this.#path}: cannot be written (${(error as Error).message}); the last checkpoint is ` +
          `intact: free some space, then continue with ${option("mode", "resume")}`,
      );
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
