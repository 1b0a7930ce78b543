// deno-lint-ignore-file no-control-regex -- the tests look for escape sequences
/** Runs commands on a pseudo-terminal and renders the resulting screen. */
import assert from "node:assert/strict";

/** Options of {@link onTerminal}. */
export interface TerminalOptions {
  readonly columns: number;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Keys to press when the output so far matches `at`. */
  readonly keys?: { readonly text: string; readonly at: RegExp };
}

/** Result of {@link onTerminal}. */
export interface TerminalOutcome {
  readonly code: number;
  /** All output, stdout and stderr combined. */
  readonly written: string;
  /** Rows of the final screen, including scrollback. */
  readonly rows: readonly string[];
  /** The same on a terminal wide enough that nothing wraps. */
  readonly lines: readonly string[];
}

/** Beginning and end of a Deno permission prompt. */
const PROMPT = /Deno requests|Allow\?/;

/** A drawn progress bar, in colours or not. */
export const BAR = /\r(?:\x1b\[\d+m)*[█░]+.* \w+ \d+\/\d+.*\x1b\[K/;

/** Timeout of a command that hangs: a busy machine may take a minute for what takes seconds. */
const MOST_MS = 300_000;

/**
 * Runs a shell command with stdin, stdout and stderr on a pseudo-terminal (`script` from
 * util-linux). A permission prompt, which would block forever, fails at once.
 */
export async function onTerminal(
  command: string,
  { columns, cwd, env = {}, keys }: TerminalOptions,
): Promise<TerminalOutcome> {
  const script = new Deno.Command("script", {
    // The task that runs the tests sets INIT_CWD, which a nested task would keep.
    args: ["-qefc", `unset INIT_CWD; stty cols ${columns} rows 40; ${command}`, "/dev/null"],
    cwd,
    env: { SHELL: "/bin/sh", TERM: "xterm", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdin = script.stdin.getWriter();
  const timer = setTimeout(() => script.kill("SIGKILL"), MOST_MS);
  let written = "", pressed = false;
  for await (const piece of script.stdout.pipeThrough(new TextDecoderStream())) {
    written += piece;
    if (PROMPT.test(written)) script.kill("SIGKILL");
    if (keys !== undefined && !pressed && keys.at.test(written)) {
      pressed = true;
      await stdin.write(new TextEncoder().encode(keys.text));
    }
  }
  await script.stderr.cancel();
  const { code } = await script.status;
  clearTimeout(timer);
  await stdin.close().catch(() => {});
  assert.doesNotMatch(written, PROMPT, command);
  assert.doesNotMatch(written, /TensorFlow\.js in Node|XDG_RUNTIME_DIR/, command);
  if (keys !== undefined) {
    assert.ok(pressed, `${command}: never wrote ${keys.at}: ${written.slice(-500)}`);
  }
  return { code, written, rows: screen(written, columns), lines: screen(written, Infinity) };
}

/**
 * Renders output as the rows of a terminal that wraps at its width, returns to the start of the row
 * at `\r`, clears to its end at `ESC [ K`, and ignores colours. Other escape sequences are errors.
 */
export function screen(written: string, columns: number): string[] {
  const rows: string[][] = [[]];
  let column = 0;
  for (const [token] of written.matchAll(/\x1b\[[0-9;]*[A-Za-z]|[^]/gu)) {
    const row = rows.at(-1)!;
    if (token === "\r") column = 0;
    else if (token === "\n") rows.push([]);
    else if (token === "\x1b[K") row.length = Math.min(row.length, column);
    else if (/^\x1b\[[0-9;]*m$/.test(token)) continue;
    else {
      assert.match(token, /^[^\x00-\x1f\x7f]$/u, JSON.stringify(token));
      if (column === columns) {
        rows.push([]);
        column = 0;
      }
      rows.at(-1)![column++] = token;
    }
  }
  return rows.map((row) => Array.from(row, (cell) => cell ?? " ").join("").trimEnd());
}

/** Asserts that no progress bar and no half-erased line remains. */
export function assertClean({ rows, written }: TerminalOutcome, what: string): void {
  const left = rows.filter((row) => /[█░]/.test(row));
  assert.deepEqual(
    left,
    [],
    `${what} leaves a progress bar: ${JSON.stringify(written.slice(-500))}`,
  );
  assert.equal(
    rows.at(-1),
    "",
    `${what} ends in the middle of a line: ${JSON.stringify(written.slice(-500))}`,
  );
}

/** Asserts that a bar was drawn. */
export function assertBar({ written }: TerminalOutcome, what: string): void {
  assert.match(written, BAR, `${what} draws no progress: ${JSON.stringify(written.slice(-500))}`);
}
