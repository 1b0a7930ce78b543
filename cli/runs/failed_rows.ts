import type { FailedRow } from "@fluxion/fluxion";
import { paint, writeMessage } from "../terminal/terminal.ts";

/** Rows that are named one by one; a broken model fails on every row. */
const NAMED_ROWS = 100;

/** Says, one line per row, which rows have no log-likelihood and why: errors, so `--quiet` keeps them. */
export function sayFailedRows(failures: readonly FailedRow[]): void {
  for (const { row, reason } of failures.slice(0, NAMED_ROWS)) {
    sayError(`row ${row} (from 0) has no log-likelihood: ${reason}`);
  }
  const unnamed = failures.length - NAMED_ROWS;
  if (unnamed > 0) sayError(`nor have ${unnamed} more rows`);
}

/** Says, on a line of its own, what of a command's work failed while the rest goes on. */
export function sayError(words: string): void {
  writeMessage(`${paint("red", "fluxion:", Deno.stderr)} ${words}\n`);
}
