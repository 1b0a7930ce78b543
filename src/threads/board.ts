/**
 * The board: a shared buffer through which the main thread hands tasks to workers. It holds control
 * words, task descriptions and a failure's text.
 */

/** Maximum number of tasks per round: {@link ticketOf} counts them in 8 bits. */
export const MOST_TASKS = 255;

/** Maximum number of calls per round. */
export const MOST_CALLS = 2048;

/**
 * Numbers of a call's description: its function, how many arguments, which of these are addresses
 * in the thread's own memory (a bit each), the arguments.
 */
export const CALL_NUMBERS = 32;
/** Position of the first argument. */
export const FIRST_ARGUMENT = 3;

/**
 * Positions of the control words, int32, each on its own cache line.
 *
 * - `ticket`: see {@link ticketOf}; storing it publishes a round.
 * - `pending`: number of unfinished tasks.
 * - `sleepers`: number of workers asleep until `ticket` changes.
 * - `awakeMs`: how long workers spin after the round.
 * - `failed`: length of the failure's text in bytes; 0 if no task failed.
 * - `scratchAt`, `scratchBytes`: a thread's scratch memory begins at scratchAt + thread * scratchBytes.
 */
export const words = {
  ticket: 0,
  pending: 16,
  sleepers: 32,
  failed: 64,
  scratchAt: 80,
  scratchBytes: 96,
  awakeMs: 112,
} as const;

const WORDS = 128;
const TEXT_BYTES = 512;
const TASKS_AT = WORDS * 4;
const CALLS_AT = TASKS_AT + 8 * MOST_TASKS;
const TEXT_AT = CALLS_AT + 8 * MOST_CALLS * CALL_NUMBERS;

/** Size of the buffer. */
export const BOARD_BYTES: number = TEXT_AT + TEXT_BYTES;

/** Views of the buffer. */
export interface Board {
  /** See {@link words}. */
  readonly words: Int32Array;
  /** First call and number of calls of each task, [MOST_TASKS, 2]. */
  readonly tasks: Int32Array;
  /** [MOST_CALLS, CALL_NUMBERS]. */
  readonly calls: Float64Array;
  /** A failure's text in UTF-8. */
  readonly text: Uint8Array;
}

/** Views of a buffer of {@link BOARD_BYTES}. */
export function boardOn(buffer: SharedArrayBuffer): Board {
  return {
    words: new Int32Array(buffer, 0, WORDS),
    tasks: new Int32Array(buffer, TASKS_AT, 2 * MOST_TASKS),
    calls: new Float64Array(buffer, CALLS_AT, MOST_CALLS * CALL_NUMBERS),
    text: new Uint8Array(buffer, TEXT_AT, TEXT_BYTES),
  };
}

/** A kernel: addresses, sizes and flags. */
export type Kernel = (...values: number[]) => number | void;

/**
 * The ticket word: a thread that decrements it (compare and exchange) has taken task `left - 1`. The
 * limit is in the same word, since a thread beyond it has no scratch memory, and the next round may
 * begin between two reads.
 *
 * @param round Any number other than the previous round's: sleeping threads wait for a change.
 * @param limit Number of workers that may take tasks, counted from the first; at most 255.
 * @param left Number of tasks not yet taken.
 */
export function ticketOf(round: number, limit: number, left: number): number {
  return round << 16 | limit << 8 | left;
}

/** Whether there is a task that a thread may take; thread 0 is the main thread. */
export function isTaskLeft(ticket: number, thread: number): boolean {
  return (ticket & 255) > 0 && thread <= (ticket >>> 8 & 255);
}

/**
 * Takes a task of the round, makes its calls in order and reports completion.
 *
 * @param thread 0 is the main thread.
 * @param functionOf Function by the number in a call.
 * @returns Whether there was a task to take.
 */
export function takeTask(
  board: Board,
  thread: number,
  functionOf: (number: number) => Kernel,
): boolean {
  const { words: control, tasks, calls } = board;
  for (;;) {
    const ticket = Atomics.load(control, words.ticket);
    if (!isTaskLeft(ticket, thread)) return false;
    if (Atomics.compareExchange(control, words.ticket, ticket, ticket - 1) !== ticket) continue;
    const left = ticket & 255;
    const own = control[words.scratchAt]! + thread * control[words.scratchBytes]!;
    const first = tasks[2 * left - 2]!, end = first + tasks[2 * left - 1]!;
    try {
      for (let call = first; call < end; call++) {
        const at = call * CALL_NUMBERS, argument = at + FIRST_ARGUMENT;
        const count = calls[at + 1]!, owned = calls[at + 2]!;
        // A loop: Array.from() takes four times as long, 0.6 ms of a ResNet's training step.
        const values: number[] = [];
        for (let i = 0; i < count; i++) {
          const value = calls[argument + i]!;
          values.push(owned >>> i & 1 ? value + own : value);
        }
        functionOf(calls[at]!)(...values);
      }
    } catch (error) {
      fail(board, String(error));
    }
    if (Atomics.sub(control, words.pending, 1) === 1 && thread > 0) {
      Atomics.notify(control, words.pending);
    }
    return true;
  }
}

/** Records the first failure of a round. */
function fail({ words: control, text }: Board, message: string): void {
  if (Atomics.compareExchange(control, words.failed, 0, -1) !== 0) return;
  const bytes = new TextEncoder().encode(message).subarray(0, text.length);
  text.set(bytes);
  Atomics.store(control, words.failed, bytes.length);
}

/** Returns the finished round's failure and clears it; null if no task failed. */
export function takeFailure({ words: control, text }: Board): string | null {
  const bytes = Atomics.exchange(control, words.failed, 0);
  return bytes === 0 ? null : new TextDecoder().decode(text.slice(0, bytes));
}
