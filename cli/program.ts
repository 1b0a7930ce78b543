import { ExitCode, proposeCompletions, run } from "@stricli/core";
import { InputError } from "@fluxion/fluxion/core";
import { asFlag } from "@fluxion/fluxion/options";
import { buildFluxion } from "./application.ts";
import { optionsOfCommand } from "./commands/options.ts";
import { explained, verdict } from "./terminal/errors.ts";
import { printText, sayError, sayText, writeResult } from "./terminal/terminal.ts";

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
    const words = helpWords(args);
    const page = words && await helpPage(words, { isWhole: args[0] === "help" });
    if (page) printText(page);
    else await runCommand((words ?? args).map((arg, i) => normalised(arg, args[i - 1])));
    return 0;
  } catch (error) {
    const { message, exitCode } = verdict(await explained(error), await optionsOfCommand(args));
    if (message !== null) {
      sayError(message);
      if (args.includes("--debug") && error instanceof Error) sayText(String(error.stack));
    }
    return exitCode;
  }
}

const helpFlags: readonly string[] = ["--help", "-h", "--help-all", "-H"];

/** The words whose help is asked for: of `help WORDS`, of `WORDS --help`, or of nothing at all. */
function helpWords(args: readonly string[]): readonly string[] | null {
  if (args[0] === "help") {
    const words = args.slice(1).filter((word) => !helpFlags.includes(word));
    return words[0] === "help" ? words.slice(1) : words;
  }
  const asked = args.findIndex((arg) => helpFlags.includes(arg));
  if (asked >= 0 && !args.slice(0, asked).includes("--")) return args.slice(0, asked);
  return args.length === 0 ? args : null;
}

/**
 * The help of a command or a group; null if the words name none.
 *
 * @param isWhole Whether the words must name it and nothing else; else arguments may follow.
 * @throws {InputError} If more words follow than may.
 */
async function helpPage(
  words: readonly string[],
  { isWhole = false }: { readonly isWhole?: boolean } = {},
): Promise<string | null> {
  const { helpOf } = await import("./help_pages.ts");
  const found = await helpOf(words);
  if (found === null) return null;
  const { page, depth } = found;
  const extra = words[depth];
  if (isWhole && extra !== undefined) {
    const named = ["help", ...words.slice(0, depth)].join(" ");
    throw new InputError(`unexpected argument ${extra}; fluxion ${named} is the whole help`);
  }
  return page;
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
  // The parser prints the version, whatever follows.
  if (["--version", "-v"].includes(args[0]!) && args.length > 1) {
    throw new InputError(`unexpected argument ${args[1]}; ${args[0]} stands alone`);
  }
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
  if (help.length > 0 && !args.some((arg) => arg === "--version" || arg === "-v")) {
    // The parser prints help where a group's command is missing; the words before it name the group.
    const text = (await helpPage(args))!;
    sayText(`${text}\n`);
    throw new InputError(`${args.join(" ")}: expected one of the commands above after it`);
  }
  if (help.length > 0) printText(help.join("").replace(/\n$/, ""));
  if (process.exitCode !== ExitCode.Success) {
    throw new Error(`the parser ended with ${process.exitCode} and no error`);
  }
}

/** Prints `completion<TAB>description` for each completion; the last word is the one being typed. */
async function complete(given: readonly string[]): Promise<void> {
  const { words, prefix } = completedWords(given);
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
    if (completion === "--" || hidden.includes(completion)) continue;
    writeResult(`${prefix}${completion}\t${brief}\n`);
  }
  if (given.length === 1 && "help".startsWith(typed)) writeResult("help\tprint a command's help\n");
}

/** The words to complete, and what the shell expects before each completion of the last one. */
function completedWords(
  given: readonly string[],
): { readonly words: readonly string[]; readonly prefix: string } {
  const last = given.at(-1) ?? "";
  // bash hands over `--net=r` as three words.
  const bare = given.filter((word) => word !== "=");
  if (bare.length < given.length) {
    return { words: last === "=" ? [...bare, ""] : bare, prefix: "" };
  }
  const words = given.length > 1 && given[0] === "help" ? given.slice(1) : given;
  const [, flag, value] = /^(--[a-z-]+)=(.*)$/.exec(last) ?? [];
  return flag === undefined
    ? { words, prefix: "" }
    : { words: [...words.slice(0, -1), flag, value!], prefix: `${flag}=` };
}
