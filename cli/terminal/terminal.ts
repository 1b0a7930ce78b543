/**
 * The only module that writes to the terminal: results go to stdout, messages to stderr.
 */
import {
  FailureError,
  oneLine,
  systemFault,
  systemWords,
  terminalSafe,
} from "@fluxion/fluxion/core";
import { asTyped } from "../program_form.ts";
import { columns } from "./columns.ts";
import { wrapped, wrappedMessage } from "./wrapped.ts";

const encoder = new TextEncoder();

/** The reader of stdout has exited (`fluxion sample ... | head`), so the work is pointless. */
export class ClosedPipe extends Error {
  override readonly name = "ClosedPipe";
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}

/** Whether a line drawn in place is on stderr's terminal, with the cursor at its end. */
let lineDrawn = false;

/** Draws a line in place on stderr's terminal; any further output replaces it. */
export function drawLine(line: string): void {
  writeError(`\r${line}\x1b[K`);
  lineDrawn = true;
}

/** Erases the line drawn by {@link drawLine}, if any. */
export function eraseLine(): void {
  if (lineDrawn) writeError("\r\x1b[K");
  lineDrawn = false;
}

/** Whether the stream is a terminal with escape sequences; an editor's shell is not (`TERM=dumb`). */
function hasEscapes(stream: { isTerminal(): boolean }): boolean {
  return stream.isTerminal() && Deno.env.get("TERM") !== "dumb";
}

/** Whether stderr supports lines drawn in place. */
export function drawsInPlace(): boolean {
  return hasEscapes(Deno.stderr);
}

/** Sequence that erases the current line (progress bar, echoed `^C`); empty without a terminal. */
export function eraser(): string {
  return drawsInPlace() ? "\r\x1b[K" : "";
}

/**
 * Writes a result to stdout. On a terminal, control sequences in text other than colours are
 * escaped (a folder's name may contain anything); scripts get every byte.
 *
 * @throws {ClosedPipe} If the reader has closed the pipe.
 */
export function writeResult(result: string | Uint8Array): void {
  const onTerminal = Deno.stdout.isTerminal();
  if (onTerminal) eraseLine();
  const text = typeof result === "string" && onTerminal ? terminalSafe(result) : result;
  try {
    writeAll(Deno.stdout, typeof text === "string" ? encoder.encode(text) : text);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw new ClosedPipe("stdout is closed");
    const remedy = systemFault(error) === "full"
      ? "free some space, or write elsewhere"
      : "write elsewhere";
    throw new FailureError(`stdout: cannot be written (${systemWords(error)}); ${remedy}`);
  }
}

/** Writes one line of a result to stdout. */
export function printLine(line: string): void {
  writeResult(`${line}\n`);
}

/**
 * Writes a message to stderr, beginning on a line of its own: on a terminal {@link wrapped} between
 * words, elsewhere one line. Control sequences other than colours are escaped. Every message takes
 * this way.
 */
export function sayLine(line: string): void {
  eraseLine();
  const safe = asTyped(terminalSafe(line));
  writeError(`${Deno.stderr.isTerminal() ? wrappedMessage(safe, columns()) : safe}\n`);
}

/**
 * Writes an error, or one of several, to stderr; printed even with `--quiet`.
 *
 * @param program The name before it.
 */
export function sayError(message: string, program = "fluxion"): void {
  sayLine(`${paint("red", `${program}:`, Deno.stderr)} ${oneLine(message)}`);
}

/** Writes a text of several lines to stderr, {@link wrapped} on a terminal. */
export function sayText(text: string): void {
  eraseLine();
  const safe = terminalSafe(text);
  writeError(`${Deno.stderr.isTerminal() ? wrapped(safe, columns()) : safe}\n`);
}

/** Prints text as a result, {@link wrapped} where stdout is a terminal. */
export function printText(text: string): void {
  printLine(Deno.stdout.isTerminal() ? wrapped(text, columns()) : text);
}

/** Ignores errors if stderr is closed or full. */
function writeError(text: string): void {
  try {
    writeAll(Deno.stderr, encoder.encode(text));
  } catch {
    // Nothing can be reported without stderr.
  }
}

/** Prints a message for the user on a line of its own. */
export type Say = (line: string) => void;

/** A {@link Say} that writes to stderr, or does nothing with `--quiet`. */
export function speaker(options: { readonly quiet?: boolean }): Say {
  return options.quiet ? () => {} : sayLine;
}

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] };

/** Styles `text` if the stream is a terminal that supports it and `NO_COLOR` is not set. */
export function paint(
  style: keyof typeof codes,
  text: string,
  stream: { isTerminal(): boolean },
): string {
  if (Deno.noColor || !hasEscapes(stream)) return text;
  const [on, off] = codes[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}
