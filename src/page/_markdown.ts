import { Marked, type Token, type Tokens, type TokensList } from "marked";

/** A formula in Markdown source, without its dollar signs. */
export interface FormulaToken extends Tokens.Generic {
  readonly type: "formula";
  readonly raw: string;
  readonly latex: string;
  /** Whether it is a displayed formula rather than inline. */
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
 * A Markdown parser that supports `$..$` and `$$..$$`.
 *
 * As in Pandoc, an opening dollar sign must be followed by a non-space, and a closing one must
 * follow a non-space and not precede a digit: "$5 and $6" are prices.
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

/** Tokenises Markdown, including formulas. */
export function tokensOf(markdown: string): TokensList {
  return markdownParser().lexer(markdown);
}
