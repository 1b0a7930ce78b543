import fc from "fast-check";
import assert from "node:assert/strict";
import { latexToText, textCells } from "../../src/page/latex_to_text.ts";

/** Formulas as one would type them in Unicode. */
const readings: Readonly<Record<string, string>> = {
  "\\frac{\\partial p}{\\partial t} = -\\nabla\\cdot(f p) + \\frac{g^2}{2}\\Delta p":
    "∂p/∂t = −∇ · (fp) + (g²/2) Δp",
  "x_{t-1} = \\frac{x_t}{\\sqrt{1-\\beta_t}} + \\sqrt{\\beta_t}\\,\\varepsilon":
    "xₜ₋₁ = xₜ/√(1 − βₜ) + √βₜ ε",
  "\\mathbb{E}\\left[\\|x\\|^2\\right] \\le \\tfrac12": "𝔼[‖x‖²] ≤ ½",
  "\\mathcal{N}\\bigl(0, s^2 I\\bigr)": "𝒩(0, s²I)",
  "\\operatorname{tr} \\frac{\\partial f}{\\partial x}": "tr ∂f/∂x",
  "\\dot x, \\hat\\theta, \\bar{x}, \\tilde x": "ẋ, θ̂, x̄, x̃",
  "\\int_0^1 f\\,dt": "∫₀¹ f dt",
  "\\sum_{i=1}^n x_i": "∑ᵢ₌₁ⁿ xᵢ",
  "e^{-x^2/2}": "e^(−x²/2)",
  "x_{\\text{data}}": "x_data",
  "\\sigma_{a,b}": "σ_{a, b}",
  "10{,}240": "10,240",
  "\\frac{a+b}{2c}": "(a + b)/(2c)",
  "\\frac{1}{2}x": "½x",
  "\\frac{1}{n}x": "(1/n) x",
  "\\frac{\\partial(f_i p)}{\\partial x_i}\\,q": "(∂(fᵢp)/∂xᵢ) q",
  "\\frac{1}{n}\\,.": "1/n.",
  "\\frac{1}{n}.": "1/n.",
  "\\sqrt{x(t)}": "√(x(t))",
  "\\sqrt[3]{x}": "∛x",
  "|-1| = -(-1)": "|−1| = −(−1)",
  "\\{x : x > 0\\}": "{x : x > 0}",
  "f''(x)": "f″(x)",
  "\\left.\\frac{df}{dt}\\right|_{t=0}": "df/dt|ₜ₌₀",
  "A = \\begin{pmatrix} a & b \\\\ c & -d \\end{pmatrix}": "A = (a  b; c  −d)",
  "\\begin{cases} 1 & \\text{if } x > 0 \\\\ 0 & \\text{else} \\end{cases}":
    "{ 1  if x > 0;  0  else }",
  "\\begin{aligned} a &= b \\\\ &\\le c \\\\[4pt] long &= d \\end{aligned}":
    "   a = b\n     ≤ c\nlong = d",
  "\\unknowncommand x": "unknowncommand x",
};

for (const [latex, text] of Object.entries(readings)) {
  Deno.test(`latexToText() renders ${latex.slice(0, 40)}`, () => {
    assert.equal(latexToText(latex), text);
  });
}

Deno.test("latexToText() accepts any input, and leaves no backslash", () => {
  const piece = fc.constantFrom(
    ..."\\frac \\sqrt \\left( \\right) \\begin{aligned} \\end{aligned} \\\\ & { } ^ _ ' | \\| $ \\text{ x 1 + = \\"
      .split(" "),
  );
  const latex = fc.oneof(
    fc.array(piece, { maxLength: 30 }).map((all) => all.join(" ")),
    fc.string(),
  );
  fc.assert(fc.property(latex, (text) => !latexToText(text).includes("\\")));
});

Deno.test("textCells() counts combining marks as zero and wide East Asian characters as two", () => {
  assert.equal(textCells("x̂ + ẋ"), 5);
  assert.equal(textCells("漢字"), 4);
  assert.equal(textCells("𝔼[𝒩]"), 4);
});
