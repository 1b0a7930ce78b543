import { escapeMarkdown } from "../page/escape_markdown.ts";

/** A statement in words, and the same with its formulas as LaTeX. */
export interface Statement {
  /** For terminals and JSON: formulas as they are typed. */
  readonly statement: string;
  /** Markdown with LaTeX between $ and $. */
  readonly markdown: string;
}

/** A formula in a statement: as it is typed, and as LaTeX if that differs. */
export function formula(typed: string, latex: string = typed): Statement {
  return { statement: typed, markdown: `$${latex}$` };
}

/** Tag of a template with formulas and statements among its words. */
export function stated(
  words: TemplateStringsArray,
  ...values: readonly (Statement | string | number)[]
): Statement {
  let statement = words[0]!, markdown = escapeMarkdown(words[0]!);
  values.forEach((value, i) => {
    const { statement: typed, markdown: set } = typeof value === "object"
      ? value
      : { statement: String(value), markdown: escapeMarkdown(String(value)) };
    statement += typed + words[i + 1]!;
    markdown += set + escapeMarkdown(words[i + 1]!);
  });
  return { statement, markdown };
}
