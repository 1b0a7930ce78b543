import { oneLine } from "../src/runtime/quoted.ts";
import { writeMessage } from "./terminal.ts";

/** Turns Ctrl-C into a request to stop. Release it when the work is over. */
export interface Interrupt {
  readonly signal: AbortSignal;
  release(): void;
}

/**
 * The first Ctrl-C (or a `kill`) aborts `signal`, so that the work can stop
 * where it loses nothing; the second leaves at once. Files are written
 * atomically, so leaving at once tears none.
 *
 * @param options.words Said at the first one.
 */
export function catchInterrupt(options: { readonly words: string }): Interrupt {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort();
    writeMessage(`\n${oneLine(options.words)}\n`);
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  return {
    signal: controller.signal,
    release() {
      for (const signal of signals) Deno.removeSignalListener(signal, stop);
    },
  };
}
