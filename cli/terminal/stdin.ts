import { Stopped } from "@fluxion/fluxion/core";
import { hearsNow } from "../process/interrupt.ts";

/**
 * The standard input, piece by piece to its end. Whoever writes it may take their time, a person
 * at a terminal above all.
 *
 * @throws {Stopped} If a signal comes, within `interruptible`.
 */
export async function* readStdin(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = Deno.stdin.readable.getReader();
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => {}); // nobody may be waiting
  const stop = () => stopped.reject(new Stopped("asked to stop"));
  const signal = hearsNow();
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
    // A read that still waits would keep the process.
    await reader.cancel();
  }
}
