import type { FailedRow } from "@fluxion/fluxion/program";
import type { CommandOptions } from "../options/option.ts";
import { asTypedOptions } from "../options/spelling.ts";
import { sayError } from "../terminal/terminal.ts";

/** Largest number of rows listed individually; a broken model fails on every row. */
const NAMED_ROWS = 100;

/**
 * Reports rows without a log-likelihood, one line per row; printed even with `--quiet`.
 *
 * @param options Options of the running command.
 */
export function sayFailedRows(failures: readonly FailedRow[], options: CommandOptions): void {
  for (const { row, reason } of failures.slice(0, NAMED_ROWS)) {
    sayError(`row ${row} (from 0) has no log-likelihood: ${asTypedOptions(reason, options)}`);
  }
  const unnamed = failures.length - NAMED_ROWS;
  if (unnamed > 0) sayError(`${unnamed} more rows have no log-likelihood`);
}
