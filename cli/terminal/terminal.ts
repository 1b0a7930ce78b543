/**
 * The only module that writes to the terminal: results go to stdout, messages to stderr.
 */
import { FailureError, systemFault, systemWords, terminalSafe } from "@fluxion/fluxion/core";

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

/** Writes a message to stderr unchanged; ignores errors if stderr is closed or full. */
export function writeMessage(text: string): void {
  eraseLine();
  writeError(text);
}

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
  return options.quiet ? () => {} : (line) => writeMessage(`${terminalSafe(line)}\n`);
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
