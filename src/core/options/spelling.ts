import { quoted } from "../quoted.ts";

/*
 * The library, config files and run folders spell an option `batchSize`, the command line
 * --batch-size. The library's messages mark options as code, which the command line finds and
 * respells.
 */

/** An option's value in a message. */
export type ShownValue = string | number | boolean | readonly (string | number)[];

/**
 * An option in a message, in the library's spelling: `` `batchSize` ``, `` `trace: "exact"` ``.
 *
 * @param value Text is escaped and truncated; omit it to refer to the option alone.
 */
export function option(name: string, value?: ShownValue): string {
  if (value === undefined) return `\`${name}\``;
  const isPlain = typeof value === "number" || typeof value === "boolean";
  return `\`${name}: ${isPlain ? value : quoted(String(value))}\``;
}

/** Matches the output of {@link option}. */
const REFERENCE = /`([a-z][A-Za-z]*)(?:: ("(?:[^"\\]|\\.)*"|[\w.+-]+))?`/g;

/**
 * Respells the options in a message.
 *
 * @param spell Receives the name and the value as text or undefined; null keeps the original.
 */
export function respelled(
  message: string,
  spell: (name: string, value: string | undefined) => string | null,
): string {
  return message.replace(
    REFERENCE,
    (words, name: string, value?: string) => spell(name, value && unquoted(value)) ?? words,
  );
}

/** Removes quotes that a shell does not need. */
function unquoted(value: string): string {
  return value.replace(/^"([\p{L}\p{M}\p{N}_@%+=:,./-]+)"$/u, "$1");
}

/** Converts a camelCase name to kebab-case: `batch-size`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** An option as a command-line flag: `--batch-size`, `--trace exact`, `--no-binarize`. */
export function asFlag(name: string, value?: string): string {
  if (value === "false") return `--no-${kebabCase(name)}`;
  return value === undefined || value === "true"
    ? `--${kebabCase(name)}`
    : `--${kebabCase(name)} ${value}`;
}

/** Removes the code marks around options: `` `solverSteps` `` becomes solverSteps. */
export function unmarked(words: string): string {
  return words.replace(REFERENCE, (code) => code.slice(1, -1));
}
