import { withoutControls } from "../../core/quoted.ts";
import { withThousands } from "../../core/text/thousands.ts";

/** A value and its standard error, rounded to two digits of the error: `1.051 ± 0.024`. */
export function withError(value: number, stdErr: number): string {
  if (!Number.isFinite(stdErr) || stdErr <= 0) return number(value);
  const digits = errorDecimals(stdErr);
  return `${minus(value.toFixed(digits))} ± ${stdErr.toFixed(digits)}`;
}

/** Decimals up to the second digit of a standard error above 0; 20 at most. */
export function errorDecimals(stdErr: number): number {
  return Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(stdErr))));
}

/** A number to four significant digits, without an exponent where possible. */
export function number(value: number): string {
  if (Number.isInteger(value)) return grouped(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1000) return grouped(Math.round(value));
  if (magnitude < 1e-3) return minus(value.toExponential(1));
  return minus(value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(magnitude)))));
}

/** A number to two significant digits, without trailing zeros. */
export function twoDigits(value: number): string {
  return number(Number(value.toPrecision(2))).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** A share as a percentage with one decimal: `3.8 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** An integer with thousands separators: 60,000. */
export function grouped(value: number): string {
  return minus(withThousands(value));
}

/** Replaces hyphens by minus signs. */
function minus(text: string): string {
  return text.replace(/^-/, "−").replace(/e-/, "e−");
}

/** A remark as a sentence: with a capital letter and a full stop. */
export function sentence(remark: string): string {
  return `${remark.charAt(0).toUpperCase()}${remark.slice(1)}.`;
}

export { escapeMarkdown as plain } from "../../page/escape_markdown.ts";

/** Text as inline Markdown code, such as a data set's name or a path. */
export function code(text: string): string {
  // An empty line would end the code.
  const line = withoutControls(text).replace(/[\r\n]+/g, " ");
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${line}${fence}` : `${fence} ${line} ${fence}`;
}

/** Display name of a data set: its name, or a file's name without folders. */
export function datasetLabel(data: string): string {
  return data.split(/[/\\]/).at(-1)!;
}
