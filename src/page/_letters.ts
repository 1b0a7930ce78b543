/** Unicode letter variants: superscript, subscript, double-struck, script. */

const superscripts: Readonly<Record<string, string>> = pairs(
  "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ⊤′*∗",
  "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡᵀ′**",
);

const subscripts: Readonly<Record<string, string>> = pairs(
  "0123456789+-−=()aehijklmnoprstuvxβγρφχ",
  "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
);

const doubleStruck: Readonly<Record<string, string>> = pairs("CHNPQRZ1", "ℂℍℕℙℚℝℤ𝟙");
const script: Readonly<Record<string, string>> = pairs("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ");

function pairs(from: string, to: string): Record<string, string> {
  const targets = [...to];
  return Object.fromEntries([...from].map((letter, i) => [letter, targets[i]!]));
}

/** Maps each character to its variant, dropping spaces; null if a character has none. */
function inForm(text: string, form: Readonly<Record<string, string>>): string | null {
  let out = "";
  for (const letter of text.replaceAll(" ", "")) {
    const other = form[letter];
    if (other === undefined) return null;
    out += other;
  }
  return out;
}

/** "t-1" as "ᵗ⁻¹"; null if a character has no superscript. */
export function superscript(text: string): string | null {
  return inForm(text, superscripts);
}

/** "t-1" as "ₜ₋₁"; null if a character has no subscript. */
export function subscript(text: string): string | null {
  return inForm(text, subscripts);
}

function shifted(
  text: string,
  exceptions: Readonly<Record<string, string>>,
  starts: { readonly upper: number; readonly lower: number },
): string {
  return Array.from(text, (letter) => {
    if (exceptions[letter] !== undefined) return exceptions[letter];
    const code = letter.codePointAt(0)!;
    if (letter >= "A" && letter <= "Z") return String.fromCodePoint(starts.upper + code - 65);
    if (letter >= "a" && letter <= "z") return String.fromCodePoint(starts.lower + code - 97);
    return letter;
  }).join("");
}

/** "E" as "𝔼". */
export function blackboard(text: string): string {
  return shifted(text, doubleStruck, { upper: 0x1d538, lower: 0x1d552 });
}

/** "N" as "𝒩". */
export function calligraphic(text: string): string {
  return shifted(text, script, { upper: 0x1d49c, lower: 0x1d4b6 });
}

/** Adds an accent: "x" with a hat is "x̂". A bar spans all letters, other marks only the first. */
export function accented(text: string, mark: string): string {
  const letters = [...text];
  const over = mark === "\u0304" || mark === "\u0305" ? letters.length : 1;
  return letters.map((letter, i) => i < over && letter !== " " ? letter + mark : letter).join("")
    .normalize("NFC");
}
