import { InputError, Stopped, throwIfStopped } from "@fluxion/fluxion/core";
import type { CommandOptions } from "../options/option.ts";
import type { MessageFlags } from "../options/shared.ts";
import { shownPath } from "../paths.ts";
import { interruptSignal } from "../process/interrupt.ts";
import { explained, Interrupted, PartlyFailed, verdict } from "../terminal/errors.ts";
import { ClosedPipe, sayError, speaker } from "../terminal/terminal.ts";

/**
 * Does the work of a command for each of its runs. Of several runs, one that fails is reported and
 * the others follow; a line on stderr says to which run the messages after it belong.
 *
 * @param options.declared The command's options, for messages.
 * @throws The error of a single run.
 * @throws {PartlyFailed} If some of several runs failed, with the highest of their exit codes.
 */
export async function forEachRun(
  runs: readonly string[],
  options: { readonly declared: CommandOptions; readonly flags: MessageFlags },
  work: (run: string) => Promise<void>,
): Promise<void> {
  if (runs.length === 0) throw new InputError("RUN is missing: name a run's folder, or latest");
  if (runs.length === 1) return await work(runs[0]!);
  let worst = 0;
  for (const run of runs) {
    throwIfStopped();
    speaker(options.flags)(`${shownPath(run)}:`);
    try {
      await work(run);
    } catch (error) {
      if (endsAll(error)) throw error;
      const { message, exitCode } = verdict(await explained(error), options.declared);
      worst = Math.max(worst, exitCode);
      if (message !== null) {
        const isNamed = message.includes(run) || message.startsWith(shownPath(run));
        sayError(isNamed ? message : `${shownPath(run)}: ${message}`);
      }
    }
  }
  if (worst > 0) throw new PartlyFailed("some runs failed", worst);
}

/** Whether an error is no fault of one run. */
function endsAll(error: unknown): boolean {
  return error instanceof Stopped || error instanceof Interrupted || error instanceof ClosedPipe ||
    (interruptSignal()?.aborted ?? false);
}
