import { writeFileAtomic } from "../../core/files/atomic_file.ts";
import { fileChunks, lines } from "../../core/files/bounded_file.ts";
import { FailureError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";

/** Longest log that is read: 8 GiB, a hundred million steps. */
const MOST_LOG_BYTES = 2 ** 33;

/** Longest line of a log, in UTF-16 units; an entry has about a hundred. */
const MOST_OF_A_LINE = 2 ** 16;

/** What `log.jsonl` says of one training step. */
export interface StepEntry {
  /** From 1. */
  readonly step: number;
  /** Of the batch; a CNF's in nats. */
  readonly loss: number;
  /** Milliseconds of the step; where losses are read late, the mean of those read together. */
  readonly stepMs: number;
  /** Field evaluations of the forward solve, mean over control groups; null for flow matching. */
  readonly nfe: number | null;
}

/** What `log.jsonl` says of one evaluation. */
export interface EvaluationEntry {
  /** Training steps done. */
  readonly step: number;
  /** The epoch that the step belongs to, from 1. */
  readonly epoch: number;
  /** Over the first test rows; a CNF's in nats, from a solve at 1e-5. */
  readonly testLoss: number;
}

/** All of a log, in the order of its lines. */
export interface TrainingLog {
  /** In order. */
  readonly steps: readonly StepEntry[];
  /** In order. */
  readonly evaluations: readonly EvaluationEntry[];
}

type Entry = StepEntry | EvaluationEntry;

/**
 * Reads a log. A line that is not whole, as a crash leaves one at the end, or not a log's, is
 * left out.
 *
 * @returns An empty log where there is no file.
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
    // Line by line: a log of millions of steps is longer than the longest text.
    for await (const line of lines(fileChunks(path, MOST_LOG_BYTES), MOST_OF_A_LINE)) {
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
  const { step, loss, stepMs, nfe } = entry;
  return Number.isSafeInteger(step) && Number.isFinite(loss) && Number.isFinite(stepMs) &&
    (nfe === null || Number.isFinite(nfe));
}

function isEvaluationEntry(entry: Fields<EvaluationEntry>): entry is EvaluationEntry {
  const { step, epoch, testLoss } = entry;
  return Number.isSafeInteger(step) && Number.isSafeInteger(epoch) && Number.isFinite(testLoss);
}

/**
 * Cuts a log back to what was known after training step `step`, so that a
 * resumed run writes every later step once.
 */
export async function cutLog(path: string, step: number): Promise<TrainingLog> {
  const kept = (await readEntries(path)).filter((entry) => entry.step <= step);
  await writeFileAtomic(path, kept.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  return readLog(path);
}

/** Appends entries to a log. Dispose it. */
export class LogWriter {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /** Opens the log for appending; makes it where there is none. */
  static async open(path: string): Promise<LogWriter> {
    return new LogWriter(path, await Deno.open(path, { append: true, create: true }));
  }

  /**
   * Writes entries to the end of the log.
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

  /** Waits until all that was appended is on the disk. */
  sync(): void {
    this.#attempt(() => this.#file.syncSync());
  }

  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw new FailureError(
        `${this.#path}: cannot be written (${(error as Error).message}); the last checkpoint is ` +
          `whole: free some space, then go on with ${option("mode", "resume")}`,
      );
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
