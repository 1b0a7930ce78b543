/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import type { SignalOrders } from "./signal_orders.ts";

// Entry point of the signal worker; `deno task build:worker` bundles it to signal_entry.bundle.txt.
// Its one message says what to do at the first signal. Those that follow closely are the same one, which
// came on several ways. After them the listeners are removed, so a second signal ends the process by default.
self.onmessage = ({ data }: MessageEvent<SignalOrders>) => {
  let isHeard = false;
  const listeners = data.signals.map((signal, i) => {
    const hear = () => {
      if (isHeard) return;
      isHeard = true;
      setTimeout(() => {
        for (const [other, listener] of listeners) Deno.removeSignalListener(other, listener);
      }, data.sameMs);
      Atomics.store(data.heard, 0, i + 1);
      try {
        // Before the work is stopped, so that its own messages follow.
        Deno.stderr.writeSync(data.notice);
      } catch {
        // The terminal may be closed.
      }
      Atomics.store(data.stopWord, 0, 1);
      self.postMessage("heard");
    };
    return [signal, hear] as const;
  });
  for (const [signal, hear] of listeners) Deno.addSignalListener(signal, hear);
  self.postMessage("listening");
};
