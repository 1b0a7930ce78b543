/**
 * The board: a shared buffer by which the program and its workers share tasks. It holds control
 * words, task descriptions and the text of a failure; both sides read their places here.
 */

/** Tasks per round at most: {@link ticketOf} counts them in 8 bits. */
export const MOST_TASKS = 255;

/** Calls of a round's tasks at most. */
export const MOST_CALLS = 1024;

/**
 * Numbers of a call's description: its function, how many arguments, which of these are addresses
 * in the thread's own memory (a bit each), the arguments.
 */
export const CALL_NUMBERS = 32;
/** Where the arguments begin. */
export const FIRST_ARGUMENT = 3;

/**
 * Places of the control words, int32, a cache line each.
 *
 * - `ticket`: see {@link ticketOf}. A round is published by storing it.
 * - `pending`: tasks that are not done.
 * - `sleepers`: workers that wait for `ticket` to change.
 * - `awakeMs`: how long workers stay awake after the round.
 * - `failed`: bytes of the failure's text; 0 if no task failed.
 * - `scratchAt`, `scratchBytes`: a thread's own memory begins at scratchAt + thread * scratchBytes.
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

/** Bytes of the buffer. */
export const BOARD_BYTES: number = TEXT_AT + TEXT_BYTES;

/** A buffer's parts. */
export interface Board {
  /** See {@link words}. */
  readonly words: Int32Array;
  /** A task's first call and how many it has, [MOST_TASKS, 2]. */
  readonly tasks: Int32Array;
  /** [MOST_CALLS, CALL_NUMBERS]. */
  readonly calls: Float64Array;
  /** A failure in UTF-8. */
  readonly text: Uint8Array;
}

/** The parts of a buffer of {@link BOARD_BYTES}. */
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
 * The word by which tasks are taken: who counts it down by one (compare and exchange) has task
 * `left - 1`. Who may take one stands in the same word, since a thread beyond the limit has no
 * scratch memory, and the next round may begin while it looks.
 *
 * @param round Any number that is not the last round's: threads wait for a change.
 * @param limit Workers that may take tasks, from the first; at most 255.
 * @param left Tasks that nobody has taken.
 */
export function ticketOf(round: number, limit: number, left: number): number {
  return round << 16 | limit << 8 | left;
}

/** Whether there is a task that a thread may take; 0 is the program. */
export function isTaskLeft(ticket: number, thread: number): boolean {
  return (ticket & 255) > 0 && thread <= (ticket >>> 8 & 255);
}

/**
 * Takes a task of the round, makes its calls one after the other and says so.
 *
 * @param thread 0 is the program.
 * @param functionOf The function of a number, as calls have it.
 * @returns False if no task was left for it.
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
        const values = Array.from(calls.subarray(argument, argument + calls[at + 1]!));
        for (let owned = calls[at + 2]!, i = 0; owned > 0; owned >>>= 1, i++) {
          if (owned & 1) values[i]! += own;
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

/** Notes the first failure of a round. */
function fail({ words: control, text }: Board, message: string): void {
  if (Atomics.compareExchange(control, words.failed, 0, -1) !== 0) return;
  const bytes = new TextEncoder().encode(message).subarray(0, text.length);
  text.set(bytes);
  Atomics.store(control, words.failed, bytes.length);
}

/** Takes the failure of a round that is done off the board; null if no task failed. */
export function takeFailure({ words: control, text }: Board): string | null {
  const bytes = Atomics.exchange(control, words.failed, 0);
  return bytes === 0 ? null : new TextDecoder().decode(text.slice(0, bytes));
}
