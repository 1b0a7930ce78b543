import { Stopped } from "@fluxion/fluxion/core";
import { interruptSignal } from "../process/interrupt.ts";

/**
 * Reads the standard input in pieces until its end, waiting as long as the writer takes.
 *
 * @throws {Stopped} If a signal comes, within `interruptible`.
 */
export async function* readStdin(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = Deno.stdin.readable.getReader();
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => {}); // may reject while nothing awaits it
  const stop = () => stopped.reject(new Stopped("asked to stop"));
  const signal = interruptSignal();
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), stopped.promise]);
      if (done) return;
      yield value;
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    // A pending read would keep the process alive.
    await reader.cancel();
  }
}
