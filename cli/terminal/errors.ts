import {
  AliasNotFoundError,
  ArgumentParseError,
  ArgumentScannerError,
  EnumValidationError,
  FlagNotFoundError,
  UnexpectedFlagError,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
} from "@stricli/core";
import {
  AddressSpaceError,
  closeName,
  FailureError,
  InputError,
  oneLine,
  Stopped,
  type SystemFault,
  systemFault,
  systemPath,
  systemWords,
} from "@fluxion/fluxion/core";
import { kebabCase } from "@fluxion/fluxion/options";
import type { CommandOptions } from "../options/option.ts";
import { asTypedOptions } from "../options/spelling.ts";
import { asTyped } from "../program_form.ts";
import { ClosedPipe } from "./terminal.ts";
import { withoutV8Flags } from "../process/without_v8_flags.ts";

/** Message and exit code for an error. */
export interface Verdict {
  /** null: exit silently. */
  readonly message: string | null;
  readonly exitCode: number;
}

/** Interrupted by Ctrl-C, SIGTERM or SIGHUP. The message says how to continue. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  /** @param exitCode 128 plus the signal number; that of Ctrl-C by default. */
  constructor(message: string, readonly exitCode: number = 130) {
    super(message);
  }
}

/** Part of the work failed and the command has reported it: no further message. */
export class PartlyFailed extends Error {
  override readonly name = "PartlyFailed";

  /** @param exitCode That of a failure by default. */
  constructor(message: string, readonly exitCode: number = 1) {
    super(message);
  }
}

function usageMessage(error: ArgumentScannerError, options: CommandOptions): string {
  if (error instanceof ArgumentParseError) {
    const reason = error.exception instanceof Error ? error.exception.message : error.exception;
    const name = error.externalFlagNameOrPlaceholder;
    const option = /^[a-z]/.test(name) ? `--${name} ` : `${name} `;
    return `${option}${error.input.trim()}: ${reason}`;
  }
  if (error instanceof FlagNotFoundError) {
    return `unknown option --${error.input}; ${optionHint(error.input, options)}`;
  }
  if (error instanceof AliasNotFoundError) {
    return `unknown option -${error.input}; --help lists the options`;
  }
  if (error instanceof EnumValidationError) {
    const close = closeName(error.input, error.values);
    const hint = close === undefined ? "" : `; did you mean ${close}`;
    const choices = error.values.join(", ");
    return `--${error.externalFlagName} ${error.input}: expected one of ${choices}${hint}`;
  }
  if (error instanceof UnsatisfiedFlagError) {
    return `--${error.externalFlagName} needs a value; --help shows which`;
  }
  if (error instanceof UnsatisfiedPositionalError) {
    return `${error.placeholder} is missing; --help shows the usage`;
  }
  if (error instanceof UnexpectedPositionalError) {
    // The parser takes an unknown one-letter option for an argument.
    if (/^--[a-z]$/i.test(error.input)) {
      return `unknown option ${error.input}; --help lists the options`;
    }
    return `unexpected argument ${error.input}; --help shows the usage`;
  }
  if (error instanceof UnexpectedFlagError) {
    const { externalFlagName: name, previousInput, input } = error;
    return `--${name} is given twice, ${previousInput} and ${input}; keep one of them`;
  }
  return error.message;
}

/** The option that was meant, as it is typed, or where to look. */
function optionHint(typed: string, options: CommandOptions): string {
  const shown = Object.keys(options).filter((name) => options[name]!.hidden !== true);
  // Of the parser's own suggestions, --atol for --json is too many and --bits-per-dim for
  // --bits-per-din is missing: it compares with the names in camelCase.
  const name = closeName(typed.replace(/^no-/, ""), shown.map(kebabCase));
  return name === undefined ? "--help lists the options" : `did you mean --${name}?`;
}

/** Errors that say themselves what happened. */
const said = [
  ...[InputError, FailureError, Deno.errors.NotCapable, ArgumentScannerError],
  ...[ClosedPipe, Interrupted, PartlyFailed, Stopped],
];

/** An error that a command threw, or the failure of a device which it is a consequence of. */
export async function explained(error: unknown): Promise<unknown> {
  if (said.some((kind) => error instanceof kind) || systemFault(error) !== null) return error;
  const { deviceFailure } = await import("@fluxion/fluxion/device");
  return await deviceFailure() ?? error;
}

/**
 * Message, on one line without control characters, and exit code for an error that a command threw.
 *
 * @param options The command's options.
 */
export function verdict(error: unknown, options: CommandOptions = {}): Verdict {
  const { message, exitCode } = judged(error, options);
  if (message === null) return { message, exitCode };
  return { message: asTyped(oneLine(asTypedOptions(message, options))), exitCode };
}

function judged(error: unknown, options: CommandOptions): Verdict {
  if (error instanceof ClosedPipe) return { message: null, exitCode: 0 };
  if (error instanceof PartlyFailed) return { message: null, exitCode: error.exitCode };
  if (error instanceof Interrupted) {
    return { message: error.message, exitCode: error.exitCode };
  }
  if (error instanceof ArgumentScannerError) {
    return { message: usageMessage(error, options), exitCode: 2 };
  }
  if (error instanceof InputError) return { message: error.message, exitCode: 2 };
  if (error instanceof AddressSpaceError) {
    return { message: `${error.message}: ${withoutV8Flags()}`, exitCode: 1 };
  }
  if (error instanceof FailureError) return { message: error.message, exitCode: 1 };
  if (error instanceof Deno.errors.NotCapable) {
    const wanted = error.message.replace(/,? (run again|specify the required).*$/s, "");
    return {
      message: `not permitted: ${wanted}; choose another place, or from a checkout's folder run ` +
        "deno run -A cli/main.ts with these arguments",
      exitCode: 2,
    };
  }
  if (
    error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.IsADirectory
  ) {
    const what = `${systemPath(error) ?? "the system refuses"}: ${systemWords(error)}`;
    return { message: `${what}; choose a place that you may read and write`, exitCode: 2 };
  }
  const fault = systemFault(error);
  if (fault !== null) return systemVerdict(fault, error);
  const path = systemPath(error);
  const text = `${path === null ? "" : `${path}: `}${systemWords(error)}`;
  return {
    message: `${text.split("\n")[0]} (unexpected; --debug shows where)`,
    exitCode: 1,
  };
}

/** Verdict on a system error for which the caller had no specific message. */
function systemVerdict(fault: SystemFault, error: unknown): Verdict {
  const path = systemPath(error);
  const { words, exitCode } = faultWords(fault);
  return { message: path === null ? words : `${path}: ${words}`, exitCode };
}

function faultWords(fault: SystemFault): { readonly words: string; readonly exitCode: number } {
  switch (fault) {
    case "full":
      return { words: "no room left on the disk; free some space", exitCode: 1 };
    case "tooLarge":
      return { words: "file size limit exceeded; raise the limit (ulimit -f)", exitCode: 1 };
    case "device":
      return { words: "a disk or a terminal failed; check the device", exitCode: 1 };
    case "gone":
      return { words: "missing, or removed meanwhile", exitCode: 1 };
    case "tooManyFiles":
      return {
        words: "too many open files; end other programs, or raise the limit (ulimit -n)",
        exitCode: 1,
      };
    case "nameTooLong":
      return { words: "a name is too long; choose a shorter one", exitCode: 2 };
    case "readOnly":
      return { words: "a read-only file system; choose another place", exitCode: 2 };
    case "linkLoop":
      return { words: "symbolic links form a loop; choose another path", exitCode: 2 };
    default:
      return fault satisfies never;
  }
}
