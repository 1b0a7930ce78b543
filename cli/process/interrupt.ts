import { clearStop, oneLine, Stopped, stopWord } from "@fluxion/fluxion/core";
import { Interrupted } from "../terminal/errors.ts";
import type { SignalOrders } from "./signal_orders.ts";
import { eraser } from "../terminal/terminal.ts";
import source from "./signal_entry.bundle.txt" with { type: "text" };

/** The signals that ask a process to end, with the exit code of one that did. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const signals =
  (Deno.build.os === "windows"
    ? ["SIGINT", "SIGHUP"]
    : ["SIGINT", "SIGTERM", "SIGHUP"]) satisfies (keyof typeof exitCodes)[];

/** Signals that are listened to. Dispose it. */
interface Hearing extends Disposable {
  /** Settles when a signal would be heard: until then it ends the process as the system has it. */
  readonly listening: Promise<void>;
  /** Aborted by the first signal, once the event loop has turned. */
  readonly signal: AbortSignal;
  /** Of the process, if a signal came. */
  exitCode(): number | null;
}

let current: Hearing | null = null;

/**
 * Does work that Ctrl-C, SIGTERM and SIGHUP end where nothing is lost: at the first of them
 * `signal` is aborted and the word of stop.ts set. The second leaves at once; files are written
 * atomically, so that this tears none.
 *
 * Inside of other such work it is a part of that, and ends with it.
 *
 * @param options.words Said at the first signal.
 * @param options.outcome Said at the end, if the work gave up what it did.
 * @throws {Interrupted} If the work ended because of a signal.
 */
export async function interruptible<T>(
  options: { readonly words: string; readonly outcome: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (current !== null) return await work(current.signal);
  using hearing = hearSignals(
    `${eraser()}${oneLine(options.words)}; a second Ctrl-C leaves at once\n`,
  );
  current = hearing;
  try {
    await hearing.listening;
    return await work(hearing.signal);
  } catch (error) {
    const exitCode = hearing.exitCode();
    if (exitCode === null) throw error;
    if (error instanceof Interrupted) throw new Interrupted(error.message, exitCode);
    const gaveUp = error instanceof Stopped || error === hearing.signal.reason;
    throw gaveUp ? new Interrupted(options.outcome, exitCode) : error;
  } finally {
    current = null;
    clearStop();
  }
}

/** Aborted by a signal that the work of {@link interruptible} hears; null outside of such work. */
export function hearsNow(): AbortSignal | null {
  return current?.signal ?? null;
}

/**
 * Listens in a worker: this thread may be inside of one long call of WebAssembly when a signal
 * comes, and hears it when that is over. As the worker alone listens, its leaving is what gives
 * the second signal back to the system.
 */
function hearSignals(words: string): Hearing {
  const heard = new Int32Array(new SharedArrayBuffer(4));
  const controller = new AbortController();
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const listening = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<"listening" | "heard">) =>
    data === "listening" ? listening.resolve() : controller.abort();
  const orders: SignalOrders = { signals, heard, stopWord, words: new TextEncoder().encode(words) };
  worker.postMessage(orders);
  return {
    listening: listening.promise,
    signal: controller.signal,
    exitCode() {
      const signal = signals[Atomics.load(heard, 0) - 1];
      return signal === undefined ? null : exitCodes[signal];
    },
    [Symbol.dispose]() {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
