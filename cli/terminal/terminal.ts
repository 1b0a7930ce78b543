/**
 * The only place that writes to the terminal: results go to stdout, everything
 * that is said about them to stderr.
 */
import { FailureError, systemFault, systemWords, terminalSafe } from "@fluxion/fluxion/core";

const encoder = new TextEncoder();

/** The reader of stdout has gone (`fluxion sample ... | head`): there is nobody to work for. */
export class ClosedPipe extends Error {
  override readonly name = "ClosedPipe";
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}

/** Whether stderr's terminal shows a line that is drawn in place, at whose end the cursor stands. */
let lineDrawn = false;

/** Draws a line in place on stderr's terminal: the next one, and anything else, replaces it. */
export function drawLine(line: string): void {
  writeError(`\r${line}\x1b[K`);
  lineDrawn = true;
}

/** Empties the line that {@link drawLine} has drawn, if one is there. */
export function eraseLine(): void {
  if (lineDrawn) writeError("\r\x1b[K");
  lineDrawn = false;
}

/** Whether a terminal does more than show text; an editor's shell does not, and says `TERM=dumb`. */
function obeys(stream: { isTerminal(): boolean }): boolean {
  return stream.isTerminal() && Deno.env.get("TERM") !== "dumb";
}

/** Whether a line on stderr can be replaced by another. */
export function drawsInPlace(): boolean {
  return obeys(Deno.stderr);
}

/** What empties the line that the cursor is on, of a progress bar and an echoed `^C`; nothing where stderr is no terminal. */
export function eraser(): string {
  return drawsInPlace() ? "\r\x1b[K" : "";
}

/**
 * Writes a result to stdout. On a terminal, what it would obey in a text is escaped, but for
 * colours (a folder's name may hold anything); scripts get every byte.
 *
 * @throws {ClosedPipe} If nobody reads any more.
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

/** Writes words for people to stderr as they are; one that is closed or full is no reason to stop. */
export function writeMessage(text: string): void {
  eraseLine();
  writeError(text);
}

function writeError(text: string): void {
  try {
    writeAll(Deno.stderr, encoder.encode(text));
  } catch {
    // There is nobody left to be told.
  }
}

/** Says something to people, on a line of its own. */
export type Say = (line: string) => void;

/** A {@link Say} to stderr, or to nobody with `--quiet`. */
export function speaker(options: { readonly quiet?: boolean }): Say {
  return options.quiet ? () => {} : (line) => writeMessage(`${terminalSafe(line)}\n`);
}

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] };

/** `text` in a style, where the stream is a terminal that knows it and `NO_COLOR` is not set. */
export function paint(
  style: keyof typeof codes,
  text: string,
  stream: { isTerminal(): boolean },
): string {
  if (Deno.noColor || !obeys(stream)) return text;
  const [on, off] = codes[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}
