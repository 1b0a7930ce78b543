import { ExitCode, proposeCompletions, run } from "@stricli/core";
import { InputError, terminalSafe } from "@fluxion/fluxion/core";
import { asFlag } from "@fluxion/fluxion/options";
import { buildFluxion } from "./application.ts";
import { optionsOfCommand } from "./commands/options.ts";
import { verdict } from "./terminal/errors.ts";
import { columns } from "./terminal/progress.ts";
import { paint, writeMessage, writeResult } from "./terminal/terminal.ts";
import { printText, wrapped } from "./terminal/wrapped.ts";

/**
 * Runs one command line.
 *
 * @returns The exit code: 0 success, 1 failure, 2 bad usage or input, 130 Ctrl-C, 143 SIGTERM, 129
 *   SIGHUP.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    if (args[0] === "__complete") {
      await complete(args.slice(1));
      return 0;
    }
    await runCommand(args.map((arg, i) => normalised(arg, args[i - 1])));
    return 0;
  } catch (error) {
    const { message, exitCode } = verdict(error, await optionsOfCommand(args));
    if (message !== null) {
      writeMessage(`${paint("red", "fluxion:", Deno.stderr)} ${message}\n`);
      if (args.includes("--debug") && error instanceof Error) {
        writeMessage(`${terminalSafe(String(error.stack))}\n`);
      }
    }
    return exitCode;
  }
}

/** Rewrites spellings that the parser does not accept. */
function normalised(arg: string, previous: string | undefined): string {
  // The parser knows one-letter names only as aliases: `--n 5` is `-n 5`.
  if (/^--n(=|$)/.test(arg)) return arg.slice(1);
  // `--lr -inf` would be read as aliases; with a leading space it is a value.
  if (/^-(inf|infinity|nan)$/i.test(arg) && previous?.startsWith("-")) return ` ${arg}`;
  return arg;
}

async function runCommand(args: readonly string[]): Promise<void> {
  const empty = args.find((arg) => /^--?[a-z][\w-]*=$/i.test(arg));
  if (empty !== undefined) {
    throw new InputError(`${empty.slice(0, -1)}: expected a value after the equals sign`);
  }
  // The parser's own messages are discarded; runProgram reports the errors that it throws.
  const thrown: unknown[] = [];
  const help: string[] = [];
  const application = await buildFluxion(args, (error) => thrown.push(error));
  const process = {
    stdout: { write: (text: string) => void help.push(text) },
    stderr: { write: () => {} },
    env: {},
    exitCode: 0 as number | string | null,
  };
  await run(application, args, { process });
  if (thrown.length > 0) throw thrown[0];
  const askedFor = args.length === 0 ||
    args.some((arg) => ["--help", "-h", "--version", "-v", "--help-all", "-H"].includes(arg));
  if (help.length > 0 && !askedFor) {
    const text = help.join("");
    writeMessage(`${Deno.stderr.isTerminal() ? wrapped(text, columns()) : text}\n`);
    throw new InputError(`${args.join(" ")}: expected one of the commands above after it`);
  }
  if (help.length > 0) printText(help.join("").replace(/\n$/, ""));
  if (process.exitCode !== ExitCode.Success) {
    throw new Error(`the parser ended with ${process.exitCode} and no error`);
  }
}

/** Prints `completion<TAB>description` for each completion; the last word is the one being typed. */
async function complete(words: readonly string[]): Promise<void> {
  const silent = { write: () => {} };
  const proposals = await proposeCompletions(await buildFluxion(words, () => {}), words, {
    process: { stdout: silent, stderr: silent, env: {} },
  });
  const typed = words.at(-1) ?? "";
  // Options that do not apply to the command are parsed only to explain why they are refused.
  const hidden = Object.entries(await optionsOfCommand(words))
    .flatMap(([name, option]) => option.hidden ? [asFlag(name)] : []);
  for (const { completion, brief } of proposals) {
    // Options are proposed only after a dash, or they would hide file names.
    if (completion.startsWith("-") && !typed.startsWith("-")) continue;
    if (hidden.includes(completion)) continue;
    writeResult(`${completion}\t${brief}\n`);
  }
}
