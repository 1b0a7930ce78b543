import { accented, blackboard, calligraphic, subscript, superscript } from "./_letters.ts";

/** Spacing class of a piece: TeX's classes, plus fractions, which bind like a product. */
type Kind = "ord" | "op" | "bin" | "rel" | "open" | "close" | "punct" | "space" | "frac";

interface Piece {
  readonly text: string;
  readonly kind: Kind;
}

const ord =
  "alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι " +
  "kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi φ " +
  "varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ " +
  "Phi Φ Psi Ψ Omega Ω partial ∂ nabla ∇ infty ∞ ell ℓ hbar ℏ imath ı jmath ȷ Re ℜ Im ℑ aleph ℵ " +
  "emptyset ∅ varnothing ∅ forall ∀ exists ∃ neg ¬ lnot ¬ top ⊤ bot ⊥ prime ′ dots … ldots … " +
  "cdots ⋯ vdots ⋮ ddots ⋱ degree ° dagger † square □ blacksquare ■ qed ∎ | ‖ Vert ‖ vert | " +
  "% % # # & & _ _ $ $ angle ∠ triangle △ checkmark ✓";
const op =
  "int ∫ iint ∬ iiint ∭ oint ∮ sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂";
const bin =
  "cdot · times × pm ± mp ∓ div ÷ circ ∘ ast ∗ star ⋆ bullet • oplus ⊕ otimes ⊗ odot ⊙ cup ∪ " +
  "cap ∩ setminus ∖ wedge ∧ vee ∨ land ∧ lor ∨";
const rel =
  "le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ geqslant ≥ ne ≠ neq ≠ approx ≈ equiv ≡ sim ∼ simeq ≃ cong ≅ " +
  "propto ∝ ll ≪ gg ≫ in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ to → rightarrow → " +
  "longrightarrow → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Longrightarrow ⇒ implies ⇒ " +
  "Leftarrow ⇐ impliedby ⇐ Leftrightarrow ⇔ Longleftrightarrow ⇔ iff ⇔ mapsto ↦ longmapsto ↦ " +
  "mid | parallel ∥ perp ⊥ prec ≺ succ ≻ coloneqq ≔ triangleq ≜ doteq ≐ uparrow ↑ downarrow ↓ " +
  "lt < gt > asymp ≍ models ⊨ vdash ⊢ xrightarrow → xleftarrow ←";
const open = "{ { lbrace { langle ⟨ lfloor ⌊ lceil ⌈ lvert | lVert ‖ lbrack [ lparen (";
const close = "} } rbrace } rangle ⟩ rfloor ⌋ rceil ⌉ rvert | rVert ‖ rbrack ] rparen )";
/** Operator names that TeX sets upright. */
const words =
  "log ln exp sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan arg min max inf sup lim " +
  "limsup liminf det dim ker deg gcd hom Pr";

const symbols = new Map<string, Piece>();
for (const [list, kind] of Object.entries({ ord, op, bin, rel, open, close })) {
  const parts = kind.split(" ");
  for (let i = 0; i + 1 < parts.length; i += 2) {
    symbols.set(parts[i]!, { text: parts[i + 1]!, kind: list as Kind });
  }
}
for (const word of words.split(" ")) symbols.set(word, { text: word, kind: "op" });

/** Accent commands and their combining marks. */
const accents: Readonly<Record<string, string>> = {
  dot: "\u0307",
  ddot: "\u0308",
  hat: "\u0302",
  widehat: "\u0302",
  bar: "\u0304",
  overline: "\u0305",
  tilde: "\u0303",
  widetilde: "\u0303",
  vec: "\u20d7",
  check: "\u030c",
  breve: "\u0306",
  mathring: "\u030a",
  underline: "\u0332",
};

const spaces: Readonly<Record<string, string>> = {
  ",": " ",
  ":": " ",
  ";": " ",
  ">": " ",
  " ": " ",
  "\n": " ",
  quad: "  ",
  qquad: "   ",
  enspace: " ",
  thinspace: " ",
  "!": "",
  negthinspace: "",
};

/** Commands that affect only appearance. */
const silent = new Set(
  ("displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits left right middle big Big " +
    "bigg Bigg bigl bigr bigm Bigl Bigr Bigm biggl biggr biggm Biggl Biggr Biggm nonumber notag " +
    "allowbreak nobreak hfill relax mathstrut strut smash boxed mathop mathbin mathrel mathord " +
    "mathopen mathclose mathpunct mathinner underbrace overbrace ensuremath cancel bm boldsymbol " +
    "mathbf pmb mathit mathsf mathtt").split(" "),
);

/** Commands whose first argument is not shown. */
const hidden = new Set(["label", "hspace", "vspace", "phantom", "hphantom", "vphantom", "color"]);

const halves: Readonly<Record<string, string>> = {
  "1/2": "½",
  "1/3": "⅓",
  "2/3": "⅔",
  "1/4": "¼",
  "3/4": "¾",
  "1/8": "⅛",
};

const asIs: Readonly<Record<string, Kind>> = {
  "+": "bin",
  "-": "bin",
  "*": "bin",
  "=": "rel",
  "<": "rel",
  ">": "rel",
  ":": "rel",
  "(": "open",
  "[": "open",
  ")": "close",
  "]": "close",
  ",": "punct",
  ";": "punct",
};

/** Parses LaTeX into pieces; tolerates any malformed input. */
class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(latex: string) {
    // Comments end with the line. \\[4pt] is a line break with extra space.
    const text = latex.replace(/(^|[^\\])%[^\n]*/g, "$1").replace(/\\\\\s*\[[^\]]*\]/g, "\\\\");
    this.#tokens = text.match(/\\[a-zA-Z]+\*?|\\[^]|[^]/gu) ?? [];
  }

  /** Reads pieces up to and including one of `stops`, or to the end. */
  read(stops: readonly string[] = []): Piece[] {
    const pieces: Piece[] = [];
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at]!;
      if (stops.includes(token)) {
        this.#at++;
        return pieces;
      }
      if (token === "^" || token === "_" || token === "'") {
        this.#at++;
        const base = pieces.pop() ?? { text: "", kind: "ord" };
        pieces.push(this.#scripted(base, token));
      } else pieces.push(...this.#piece());
    }
    return pieces;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #skipSpace(): void {
    while (/^\s+$/.test(this.#peek() ?? "x")) this.#at++;
  }

  /** Reads a group in braces, or the next single token. */
  #argument(): Piece[] {
    this.#skipSpace();
    if (this.#peek() === "{") {
      this.#at++;
      return this.read(["}"]);
    }
    const token = this.#peek();
    if (token === undefined || token === "}" || token === "&") return [];
    return this.#piece();
  }

  /** Reads an argument verbatim, for names and text. */
  #plain(): string {
    this.#skipSpace();
    if (this.#peek() !== "{") return joined(this.#argument());
    let depth = 0, text = "";
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at++]!;
      if (token === "{" && depth++ === 0) continue;
      if (token === "}" && --depth === 0) break;
      if (token === "$") continue;
      text += token;
    }
    return text;
  }

  #optional(): string | null {
    this.#skipSpace();
    if (this.#peek() !== "[") return null;
    this.#at++;
    return joined(this.read(["]"]));
  }

  #scripted(base: Piece, mark: string): Piece {
    if (mark === "'") {
      const text = `${base.text}′`.replace("′′", "″").replace("″′", "‴").replace("‴′", "⁗");
      return { ...base, text };
    }
    const script = joined(this.#argument());
    const limits = base.kind === "op";
    const kind = base.kind === "space" ? "ord" : base.kind;
    const isSum = base.text.includes(" ") && kind === "ord" && !isAtom(base.text);
    const text = base.kind === "frac" || isSum ? `(${base.text})` : base.text;
    // Superscript brackets are hard to read, except around an index: x⁽ⁱ⁾.
    const short = /.\(/.test(script)
      ? null
      : mark === "^"
      ? superscript(script)
      : subscript(script);
    if (short !== null) return { text: text + short, kind: kind === "frac" ? "ord" : kind };
    // Integral limits get braces, or the upper limit would appear to belong to the lower.
    const isWord = !limits && /^([a-zA-Z0-9]+|[\p{L}∗])$/u.test(script);
    const grouped = isWord ? script : mark === "^" && !limits ? `(${script})` : `{${script}}`;
    return { text: `${text}${mark}${grouped}`, kind: kind === "frac" ? "ord" : kind };
  }

  #piece(): Piece[] {
    const token = this.#tokens[this.#at++]!;
    if (token === "{") {
      const inside = this.read(["}"]);
      // Braces make their content ordinary: 10{,}240.
      return [{
        text: joined(inside),
        kind: inside.length === 1 && inside[0]!.kind === "frac" ? "frac" : "ord",
      }];
    }
    if (token === "}" || token === "&") return [];
    if (/^\s+$/.test(token)) return [];
    if (token === "~") return [{ text: " ", kind: "space" }];
    if (!token.startsWith("\\") || token.length < 2) {
      const text = token === "-" ? "−" : token === "*" ? "∗" : token === "\\" ? "" : token;
      return [{ text, kind: asIs[token] ?? "ord" }];
    }
    return this.#command(token.slice(1));
  }

  #command(name: string): Piece[] {
    const symbol = symbols.get(name);
    if (symbol !== undefined) {
      // The text over an arrow follows it in one line.
      if (!/^x\w+arrow$/.test(name)) return [symbol];
      const over = joined(this.#argument());
      return [{ text: over === "" ? symbol.text : `${symbol.text}[${over}]`, kind: "rel" }];
    }
    if (accents[name] !== undefined) {
      return [{ text: accented(joined(this.#argument()), accents[name]), kind: "ord" }];
    }
    if (spaces[name] !== undefined) return [{ text: spaces[name], kind: "space" }];
    if (hidden.has(name.replace("*", ""))) {
      this.#plain();
      return [];
    }
    if (silent.has(name)) {
      // \left. is an empty delimiter.
      this.#skipSpace();
      if (/^(left|right|[bB]ig)/.test(name) && this.#peek() === ".") this.#at++;
      return [];
    }
    switch (name.replace("*", "")) {
      case "frac":
      case "dfrac":
      case "tfrac":
      case "cfrac": {
        const above = this.#argument(), below = this.#argument();
        return [fraction(joined(above), joined(below))];
      }
      case "binom":
      case "dbinom":
      case "tbinom": {
        const above = joined(this.#argument()), below = joined(this.#argument());
        return [{ text: `C(${above}, ${below})`, kind: "ord" }];
      }
      case "sqrt": {
        const root = this.#optional(), inside = joined(this.#argument());
        const sign = root === null ? "√" : root === "3" ? "∛" : `${superscript(root) ?? root}√`;
        return [{
          text: sign + (isAtom(inside) && !/.\(/.test(inside) ? inside : `(${inside})`),
          kind: "ord",
        }];
      }
      case "mathbb":
        return [{ text: blackboard(joined(this.#argument())), kind: "ord" }];
      case "mathcal":
      case "mathscr":
        return [{ text: calligraphic(joined(this.#argument())), kind: "ord" }];
      case "text":
      case "textrm":
      case "textit":
      case "textbf":
      case "textsf":
      case "texttt":
      case "textnormal":
      case "mbox": {
        // Text may contain a formula, whose commands are parsed as usual.
        const text = this.#plain().replace(/\\[^]*/, (rest) => latexLine(rest));
        return [{ text, kind: "ord" }];
      }
      case "operatorname":
      case "mathrm": {
        const text = joined(this.#argument());
        return [{ text, kind: text.length > 1 && !/^d\P{L}?$/u.test(text) ? "op" : "ord" }];
      }
      case "overset":
      case "stackrel":
      case "underset": {
        const over = joined(this.#argument()), base = this.#argument();
        return [{ text: `${joined(base)}[${over}]`, kind: base[0]?.kind ?? "ord" }];
      }
      case "tag":
        return [{ text: `   (${this.#plain()})`, kind: "ord" }];
      case "not": {
        const [next] = this.#argument();
        const negated: Record<string, string> = { "=": "≠", "∈": "∉", "≡": "≢", "⊂": "⊄" };
        return next ? [{ text: negated[next.text] ?? `¬${next.text}`, kind: next.kind }] : [];
      }
      case "\\":
        return [{ text: "\n", kind: "space" }];
      case "begin":
        return this.#environment(this.#plain().replace("*", ""));
      case "end":
        this.#plain();
        return [];
      default:
        // Unknown commands keep their name.
        return [{ text: name.replace("*", ""), kind: "op" }];
    }
  }

  #environment(name: string): Piece[] {
    if (name === "array") this.#plain();
    const rows: string[][] = [[]];
    for (let cell: Piece[] = [];;) {
      const token = this.#peek();
      const ends = token === undefined || token === "\\end";
      if (ends || token === "&" || token === "\\\\") {
        this.#at++;
        rows.at(-1)!.push(joined(cell));
        cell = [];
        if (token === "\\\\") rows.push([]);
        if (!ends) continue;
        this.#plain();
        break;
      }
      if (token === "^" || token === "_" || token === "'") {
        this.#at++;
        cell.push(this.#scripted(cell.pop() ?? { text: "", kind: "ord" }, token));
      } else cell.push(...this.#piece());
    }
    const filled = rows.filter((row) => row.some((cell) => cell !== ""));
    if (/matrix$|^array$/.test(name)) {
      const [left, right] = name.startsWith("p")
        ? ["(", ")"]
        : name.startsWith("v")
        ? ["|", "|"]
        : ["[", "]"];
      return [{ text: left + filled.map((row) => row.join("  ")).join("; ") + right, kind: "ord" }];
    }
    if (name === "cases") {
      const lines = filled.map((row) => row.filter((cell) => cell !== "").join("  "));
      return [{ text: `{ ${lines.join(";  ")} }`, kind: "ord" }];
    }
    return [{ text: aligned(filled), kind: "ord" }];
  }
}

/** Aligns rows at their `&` marks. */
function aligned(rows: readonly (readonly string[])[]): string {
  const marked = rows.filter((row) => row.length > 1);
  const before = Math.max(0, ...marked.map((row) => textCells(row[0]!)));
  // Otherwise one long left side would push all others to the right.
  const column = Math.min(before, 24);
  return rows.map(([first, ...rest]) => {
    const left = rest.length === 0
      ? first!
      : first!.padStart(column + first!.length - textCells(first!));
    return [left, ...rest].join(" ").trimEnd();
  }).join("\n");
}

/** Width of a text in terminal cells: combining marks take none, wide East Asian characters two. */
export function textCells(text: string): number {
  let cells = 0;
  for (const letter of text) {
    if (letter < "\u0300") cells++;
    else if (/[\p{M}\u200b-\u200f\ufe0f]/u.test(letter)) continue;
    else {
      cells +=
        /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60\u3000-\u303f]/u
            .test(letter)
          ? 2
          : 1;
    }
  }
  return cells;
}

/** Whether a text needs no brackets in a fraction: a number, a letter with scripts, a bracket. */
function isAtom(text: string): boolean {
  return /^(\p{N}+|√?[d∂∇]?\p{L}[\p{M}\p{Lm}\p{No}₊₋⁺⁻⁽⁾₍₎′]*(_[\w∗]+|_\{[^{}]*\})?(\([^()\s]*\))?|√?\([^()]*\))$/u
    .test(text);
}

function fraction(above: string, below: string): Piece {
  const short = halves[`${above}/${below}`];
  if (short !== undefined) return { text: short, kind: "ord" };
  const product = /^[^\s+−=±]+$/u.test(above) && !above.includes("/");
  const derivative = /^[d∂][²³ⁿ]?(\s?log \p{L}+[\p{Lm}\p{No}₊₋]*|\([^()]*\))?$/u.test(above);
  const top = product || derivative || isAtom(above) ? above : `(${above})`;
  return { text: `${top}/${isAtom(below) ? below : `(${below})`}`, kind: "frac" };
}

/** Joins pieces in one line, with the usual mathematical spacing. */
function joined(pieces: readonly Piece[]): string {
  let out = "";
  let before: Kind | null = null, bars = 0;
  const shown = pieces.filter(({ text }) => text !== "");
  while (shown[0]?.kind === "space") shown.shift();
  while (shown.at(-1)?.kind === "space") shown.pop();
  for (const [i, { text, kind: own }] of shown.entries()) {
    let kind = own;
    // A sign without a left operand is unary.
    if (own === "bin" && !(before !== null && endsOperand.has(before))) kind = "open";
    if (isBar(shown[i]!)) kind = bars++ % 2 === 0 && text.length === 1 ? "open" : "close";
    const next = shown.slice(i + 1).find((piece) => piece.kind !== "space");
    const ends = next?.text === "." ||
      next !== undefined && isBar(next) && (bars % 2 === 1 || next.text.length > 1);
    const multiplied = kind === "frac" && next !== undefined && beginsOperand.has(next.kind) &&
      !ends;
    const gap = before !== null && text !== "." && needsSpace(before, kind);
    // Explicit space before a full stop, as in `\,.`, is dropped.
    if (text === ".") out = out.trimEnd();
    if (gap && !/\s$/.test(out) && !/^\s/.test(text)) out += " ";
    out += multiplied ? `(${text})` : text;
    before = kind;
  }
  return out;
}

/** Whether a piece is a vertical bar of a norm or absolute value. */
function isBar({ text, kind }: Piece): boolean {
  return kind === "ord" && (text[0] === "|" || text[0] === "‖");
}

const endsOperand = new Set<Kind>(["ord", "close", "frac", "space"]);
const beginsOperand = new Set<Kind>(["ord", "op", "open", "frac"]);

function needsSpace(left: Kind, right: Kind): boolean {
  if (left === "space" || right === "space") return false;
  if (left === "rel" || right === "rel" || left === "bin" || right === "bin") return true;
  if (left === "punct") return true;
  if (left === "frac") return beginsOperand.has(right);
  if (right === "frac" || right === "op") {
    return left === "ord" || left === "close" || left === "op";
  }
  return left === "op" && right === "ord";
}

function latexLine(latex: string): string {
  return joined(new Reader(latex).read());
}

/**
 * Renders a LaTeX formula as Unicode text: `\frac{\partial p}{\partial t}` becomes `∂p/∂t`,
 * `x_{t-1}` becomes `xₜ₋₁`. Scripts fall back to `_{..}` and `^(..)` if Unicode lacks a letter; rows
 * of `aligned` become lines, matrix rows are separated by semicolons. Unknown commands keep their
 * name.
 *
 * @returns One or more lines, without backslashes. Never throws.
 */
export function latexToText(latex: string): string {
  return latexLine(latex).replaceAll("\\", "").split("\n").map((line) => line.trimEnd())
    .filter((line, i, all) => line !== "" || (i > 0 && i < all.length - 1)).join("\n");
}
