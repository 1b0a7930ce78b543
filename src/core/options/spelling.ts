import { quoted } from "../quoted.ts";

/*
 * The library, config files and run folders spell an option `batchSize`, the command line
 * --batch-size. Messages are written by the library: an option stands in them as code, which the
 * command line finds and spells its own way.
 */

/** An option's value in a message. */
export type ShownValue = string | number | boolean | readonly (string | number)[];

/**
 * An option in a message, as the library spells it: `` `batchSize` ``, `` `trace: "exact"` ``.
 *
 * @param value Escaped and shortened where it is text; left out where the option alone is meant.
 */
export function option(name: string, value?: ShownValue): string {
  if (value === undefined) return `\`${name}\``;
  const isPlain = typeof value === "number" || typeof value === "boolean";
  return `\`${name}: ${isPlain ? value : quoted(String(value))}\``;
}

/** What {@link option} writes. */
const REFERENCE = /`([a-z][A-Za-z]*)(?:: ("(?:[^"\\]|\\.)*"|[\w.+-]+))?`/g;

/**
 * A message with its options spelled differently.
 *
 * @param spell Gets the name, and the value as text or undefined; null leaves the words as they are.
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

/** A quoted text without its quotes, where a shell needs none. */
function unquoted(value: string): string {
  return value.replace(/^"([\p{L}\p{M}\p{N}_@%+=:,./-]+)"$/u, "$1");
}

/** A name's words joined by hyphens: `batch-size`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** An option as it is typed: `--batch-size`, `--trace exact`, `--no-binarize`. */
export function asFlag(name: string, value?: string): string {
  if (value === "false") return `--no-${kebabCase(name)}`;
  return value === undefined || value === "true"
    ? `--${kebabCase(name)}`
    : `--${kebabCase(name)} ${value}`;
}

/** Words about options without the marks of code: `solverSteps` stays itself. */
export function unmarked(words: string): string {
  return words.replace(REFERENCE, (code) => code.slice(1, -1));
}
