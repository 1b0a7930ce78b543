import { Marked, type Token, type Tokens, type TokensList } from "marked";

/** A formula as the Markdown's author wrote it, without its dollar signs. */
export interface FormulaToken extends Tokens.Generic {
  readonly type: "formula";
  readonly raw: string;
  readonly latex: string;
  /** On lines of its own. */
  readonly display: boolean;
}

/** Whether a token is a formula. */
export function isFormula(token: Token): token is FormulaToken {
  return token.type === "formula";
}

function formula(raw: string, latex: string, display: boolean): FormulaToken {
  return { type: "formula", raw, latex: latex.trim(), display };
}

/**
 * A Markdown parser that knows `$..$` and `$$..$$`.
 *
 * As in Pandoc, a dollar sign opens a formula only before a character that is no
 * space, and closes it only after one and before no digit: "$5 and $6" are prices.
 */
export function markdownParser(): Marked {
  return new Marked({
    gfm: true,
    extensions: [
      {
        name: "displayFormula",
        level: "block",
        start: (text: string) => /^ {0,3}\$\$/m.exec(text)?.index,
        tokenizer(text: string) {
          const found = /^ {0,3}\$\$((?:\\[^]|[^\\$])+)\$\$[ \t]*(?:\n|$)/.exec(text);
          return found ? formula(found[0], found[1]!, true) : undefined;
        },
      },
      {
        name: "formula",
        level: "inline",
        start: (text: string) => {
          const at = text.indexOf("$");
          return at < 0 ? undefined : at;
        },
        tokenizer(text: string) {
          const display = /^\$\$((?:\\[^]|[^\\$])+)\$\$/.exec(text);
          if (display) return formula(display[0], display[1]!, true);
          const inline = /^\$(?=\S)((?:\\[^]|[^\\$])*?(?:\\\S|[^\\\s$]))\$(?!\d)/.exec(text);
          return inline ? formula(inline[0], inline[1]!, false) : undefined;
        },
      },
    ],
  });
}

/** The tokens of a Markdown text, formulas among them. */
export function tokensOf(markdown: string): TokensList {
  return markdownParser().lexer(markdown);
}
