import { clearStop, oneLine, Stopped, stopWord } from "@fluxion/fluxion/core";
import { Interrupted } from "../terminal/errors.ts";
import type { SignalOrders } from "./signal_orders.ts";
import { eraser } from "../terminal/terminal.ts";
import source from "./signal_entry.bundle.txt" with { type: "text" };

/** Termination signals and their exit codes. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const signals =
  (Deno.build.os === "windows"
    ? ["SIGINT", "SIGHUP"]
    : ["SIGINT", "SIGTERM", "SIGHUP"]) satisfies (keyof typeof exitCodes)[];

/**
 * Signals that follow the first so soon are taken for it: a task runner hands on the signal that its whole process
 * group got, `timeout` signals its child and then the group, a scheduler several processes. These take some 10 ms,
 * more on a busy machine; a person who presses Ctrl-C again has read the notice.
 */
const SAME_MS = 300;

/** An active signal listener. Must be disposed. */
interface SignalListener extends Disposable {
  /** Resolves once the listener is active; until then a signal ends the process by default. */
  readonly listening: Promise<void>;
  /** Aborted by the first signal, on the next turn of the event loop. */
  readonly signal: AbortSignal;
  /** Exit code of the process if a signal came, else null. */
  exitCode(): number | null;
}

let current: SignalListener | null = null;

/**
 * Runs work that Ctrl-C, SIGTERM and SIGHUP stop at a point where nothing is lost: the first signal
 * aborts `signal` and requests a stop (stop.ts). A second one, from {@link SAME_MS} later, ends the process at once;
 * files are written atomically, so none is left incomplete.
 *
 * A nested call becomes part of the outer work.
 *
 * @param options.notice Printed at the first signal.
 * @param options.outcome Error message if the work was aborted.
 * @throws {Interrupted} If a signal stopped the work.
 */
export async function interruptible<T>(
  options: { readonly notice: string; readonly outcome: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (current !== null) return await work(current.signal);
  using listener = listenForSignals(
    `${eraser()}${oneLine(options.notice)}; a second Ctrl-C leaves at once\n`,
  );
  current = listener;
  try {
    await listener.listening;
    return await work(listener.signal);
  } catch (error) {
    const exitCode = listener.exitCode();
    if (exitCode === null) throw error;
    if (error instanceof Interrupted) throw new Interrupted(error.message, exitCode);
    const gaveUp = error instanceof Stopped || error === listener.signal.reason;
    throw gaveUp ? new Interrupted(options.outcome, exitCode) : error;
  } finally {
    current = null;
    clearStop();
  }
}

/**
 * Runs work in a thread whose interruption another thread orders: calls of {@link interruptible} in it
 * become part of it.
 */
export async function withSignal<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  current = {
    listening: Promise.resolve(),
    signal,
    exitCode: () => null,
    [Symbol.dispose]: () => {},
  };
  try {
    return await work();
  } finally {
    current = null;
    clearStop();
  }
}

/** Signal of the current {@link interruptible} work; null outside such work. */
export function interruptSignal(): AbortSignal | null {
  return current?.signal ?? null;
}

/**
 * Listens in a worker, because this thread may be in a long WebAssembly call when a signal comes.
 * Only the worker listens, so once it removes its listeners a second signal has the default effect.
 */
function listenForSignals(notice: string): SignalListener {
  const heard = new Int32Array(new SharedArrayBuffer(4));
  const controller = new AbortController();
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const listening = Promise.withResolvers<void>();
  let heardMs: number | null = null;
  worker.onmessage = ({ data }: MessageEvent<"listening" | "heard">) => {
    if (data === "listening") return listening.resolve();
    heardMs = performance.now();
    controller.abort();
  };
  const orders: SignalOrders = {
    signals,
    heard,
    stopWord,
    notice: new TextEncoder().encode(notice),
    sameMs: SAME_MS,
  };
  worker.postMessage(orders);
  return {
    listening: listening.promise,
    signal: controller.signal,
    exitCode() {
      const signal = signals[Atomics.load(heard, 0) - 1];
      return signal === undefined ? null : exitCodes[signal];
    },
    [Symbol.dispose]() {
      URL.revokeObjectURL(url);
      // The same signal may come once more, and would end the process before its last words.
      const now = performance.now();
      const leftMs = Atomics.load(heard, 0) === 0 ? 0 : (heardMs ?? now) + SAME_MS - now;
      if (leftMs > 0) setTimeout(() => worker.terminate(), leftMs);
      else worker.terminate();
    },
  };
}
