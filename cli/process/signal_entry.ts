/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import type { SignalOrders } from "./signal_orders.ts";

// What the worker runs that hears signals: `deno task build:worker` bundles this file to
// signal_entry.bundle.txt. The one message that it gets says what to do at the first signal; with
// nobody listening any more, the second one ends the process as the system has it.
self.onmessage = ({ data }: MessageEvent<SignalOrders>) => {
  const listeners = data.signals.map((signal, i) => {
    const hear = () => {
      for (const [other, listener] of listeners) Deno.removeSignalListener(other, listener);
      Atomics.store(data.heard, 0, i + 1);
      try {
        // Before the work hears of it, whose own last words follow.
        Deno.stderr.writeSync(data.words);
      } catch {
        // A terminal that was closed takes no words.
      }
      Atomics.store(data.stopWord, 0, 1);
      self.postMessage("heard");
    };
    return [signal, hear] as const;
  });
  for (const [signal, hear] of listeners) Deno.addSignalListener(signal, hear);
  self.postMessage("listening");
};
