/** What a field of a text table is. Only `number` can be read as it stands. */
export type FieldKind =
  | "number"
  | "missing"
  | "notFinite"
  | "decimalComma"
  | "commaGroups"
  | "spaceGroups"
  | "percent"
  | "currency"
  | "dateOrTime"
  | "parentheses"
  | "fortranExponent"
  | "complex"
  | "truthValue"
  | "hexadecimal"
  | "otherMinus"
  | "fraction"
  | "bound"
  | "uncertain"
  | "singleQuotes"
  | "excelError"
  | "unit"
  | "text";

// No two parts can match the same digits, so matching takes linear time without backtracking.
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
// With the spellings of Microsoft's C library.
const NOT_FINITE = /^[+-]?(?:inf|infinity|∞|1\.#inf0*)$/i;
const MISSING = new RegExp(
  "^(?:|\\?|\\.|-+|[+-]?nan(?:\\((?:ind|snan)?\\))?|[+-]?1\\.#(?:ind|qnan|snan)0*|na|n\\.a\\.?|n/a|" +
    "#n/a(?: n/a)?|<na>|nat|none|null|\\(null\\)|\\\\n|nil|missing)$",
  "i",
);

/** Longest field that says that a value is missing. */
const LONGEST_MISSING = 12;

/** Longest field that the patterns below are tried on: none of them is that long. */
const MOST_CHARACTERS = 64;

const MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*";
const TIME = "\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d+)?)?(?: ?[ap]m)?";
const DATE = `(?:\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2}|\\d{1,2}[-/.]\\d{1,2}[-/.](?:\\d{4}|\\d{2})|` +
  `\\d{4}-\\d{2}|\\d{1,2}[-/ ]${MONTH}[-/ ,]*\\d{2,4}|${MONTH} \\d{1,2},? \\d{4})`;
const ZONE = "(?: ?(?:z|utc|gmt|[+-]\\d{2}:?\\d{2}))?";

/** Numbers in other spellings, the first that matches. */
const spellings: readonly (readonly [FieldKind, RegExp])[] = [
  ["dateOrTime", new RegExp(`^(?:${DATE}(?:[t ]+${TIME}${ZONE})?|${TIME}${ZONE})$`, "i")],
  ["decimalComma", /^[+-]?(?:\d*|\d{1,3}(?:[. ']\d{3})+),\d+(?:e[+-]?\d+)?$/i],
  ["commaGroups", /^[+-]?\d{1,3}(?:,\d{2,3})+(?:\.\d*)?$/],
  ["spaceGroups", /^[+-]?\d{1,3}(?:(?:[ '_\u00a0\u202f’]\d{3})+(?:\.\d*)?|(?:\.\d{3}){2,})$/],
  ["percent", /^[+-]?[\d.,]*\d[.,]?\s?[%‰]$/],
  ["currency", /^[+-]?\p{Sc}\s?[+-]?[\d.,' ]*\d$|^[+-]?\d[\d.,' ]*\p{Sc}$/u],
  [
    "currency",
    /^(?:eur|usd|gbp|chf|jpy)\s?[\d.,' ]*\d$|^[+-]?\d[\d.,']*\s?(?:eur|usd|gbp|chf|jpy)$/i,
  ],
  ["parentheses", /^\(\d[\d.,]*\)$/],
  ["fortranExponent", /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)[dq][+-]?\d+$/i],
  ["complex", /^\(?[+-]?\d[\d.e+-]*[ij]\)?$/i],
  ["truthValue", /^(?:true|false|yes|no)$/i],
  ["hexadecimal", /^[+-]?0x[\da-f]+$/i],
  ["otherMinus", /^[\u2010-\u2015\u2212\ufe63\uff0d]\s?[\d.,]+(?:e[+-]?\d+)?$/i],
  ["fraction", /^[+-]?(?:\d+ )?\d+ ?[/⁄] ?\d+$/],
  ["bound", /^(?:[<>≤≥~≈]=?|±) ?[+-]?[\d.,]+(?:e[+-]?\d+)?$/i],
  ["uncertain", /^[+-]?[\d.,]+ ?(?:±|\+\/?-) ?[\d.,]+$/],
  ["singleQuotes", /^['‘’][+-]?[\d.,]+(?:e[+-]?\d+)?['‘’]?$/i],
  ["excelError", /^#(?:DIV\/0!|VALUE!|REF!|NAME\?|NUM!|NULL!)$/],
  ["unit", /^[+-]?(?:\d+(?:\.\d+)?|\.\d+) ?[\p{L}°µ][\p{L}°²³/^-]{0,7}$/u],
];

/** A field without surrounding spaces, and without quotes that spaces kept from being parsed. */
export function bareField(field: string): string {
  const trimmed = field.trim();
  return trimmed.length > 1 && trimmed.startsWith('"') && trimmed.endsWith('"')
    ? trimmed.slice(1, -1).trim()
    : trimmed;
}

/** Whether a field, trimmed, is a number: decimal, with or without an exponent. */
export function isNumber(field: string): boolean {
  return NUMBER.test(field);
}

/** Whether a field, trimmed, says that a value is missing: empty, `NA`, `NaN`, `?`, `.` ... */
export function isMissing(field: string): boolean {
  return field.length <= LONGEST_MISSING && MISSING.test(field);
}

/** What a field, trimmed, is. */
export function fieldKind(field: string): FieldKind {
  if (NUMBER.test(field)) return "number";
  if (isMissing(field)) return "missing";
  if (field.length > MOST_CHARACTERS) return "text";
  if (NOT_FINITE.test(field)) return "notFinite";
  return spellings.find(([, pattern]) => pattern.test(field))?.[0] ?? "text";
}

/** Whether a field is a value rather than a word: a number, a missing one, or one spelt otherwise. */
export function isValue(field: string): boolean {
  const kind = fieldKind(field);
  return kind !== "text" && kind !== "unit" && kind !== "truthValue";
}

/** What is wrong with a field that is no number, and what to do about it. */
export interface FieldFault {
  /** Follows the field: "is a percentage". */
  readonly what: string;
  readonly remedy: string;
}

/** Words for a field that is no number. */
export const fieldFaults: Readonly<Record<Exclude<FieldKind, "number">, FieldFault>> = {
  missing: { what: "is a missing value", remedy: "fill it in, or leave the row out" },
  notFinite: { what: "is not finite", remedy: "leave such points out" },
  decimalComma: {
    what: "has a decimal comma, or one between thousands",
    remedy: "write numbers with a decimal point alone",
  },
  commaGroups: {
    what: "has commas between thousands",
    remedy: "write numbers with a decimal point alone",
  },
  spaceGroups: {
    what: "has separators between thousands",
    remedy: "write numbers with a decimal point alone",
  },
  percent: { what: "is a percentage", remedy: "write the number without the sign" },
  currency: { what: "is an amount with its currency", remedy: "write the number alone" },
  dateOrTime: {
    what: "is a date or a time",
    remedy: "write it as a number, such as seconds or days since a start",
  },
  parentheses: { what: "is a number in parentheses", remedy: "write it with a minus sign" },
  fortranExponent: { what: "has a Fortran exponent", remedy: "write it with e" },
  complex: {
    what: "is a complex number",
    remedy: "write its real and imaginary parts as two columns",
  },
  truthValue: { what: "is a truth value", remedy: "write 0 and 1" },
  hexadecimal: { what: "is a hexadecimal number", remedy: "write it in decimal" },
  otherMinus: { what: "has a dash or another minus sign", remedy: "write it with -" },
  fraction: { what: "is a fraction", remedy: "write it with a decimal point" },
  bound: { what: "is a bound or an approximation", remedy: "write a number alone" },
  uncertain: { what: "is a number with its uncertainty", remedy: "write the number alone" },
  singleQuotes: { what: "is in single quotes", remedy: "write it without, or in double ones" },
  excelError: { what: "is an error of Excel", remedy: "correct its formula, or clear the cell" },
  unit: { what: "is a number with a unit", remedy: "write the number alone" },
  text: { what: "is not a number", remedy: "correct it" },
};
