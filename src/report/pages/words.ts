/** A measured number with its standard error, to as many digits as that one tells: `1.051 ± 0.024`. */
export function withError(value: number, stdErr: number): string {
  if (!Number.isFinite(stdErr) || stdErr <= 0) return number(value);
  const digits = Math.max(0, 1 - Math.floor(Math.log10(stdErr)));
  return `${minus(value.toFixed(digits))} ± ${stdErr.toFixed(digits)}`;
}

/** A number to four digits, without exponents where it can be. */
export function number(value: number): string {
  if (Number.isInteger(value)) return grouped(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1000) return grouped(Math.round(value));
  if (magnitude < 1e-3) return minus(value.toExponential(1));
  return minus(value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(magnitude)))));
}

/** A whole number with its thousands apart: 60,000. */
export function grouped(value: number): string {
  return minus(value.toLocaleString("en-US"));
}

/** A minus as long as a plus. */
function minus(text: string): string {
  return text.replace(/^-/, "−").replace(/e-/, "e−");
}

/** Seconds as people say them: `8.1 s`, `5 min 10 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A text as Markdown shows it: nothing in it is read as markup or a formula. */
export function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+!|~$&]/g, (letter) => `\\${letter}`);
}

/** A text in Markdown's code: a data set's name, a path. */
export function code(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}

/** A data set as a page names it: a known name, or a file's without its folders. */
export function dataWords(data: string): string {
  return data.split(/[/\\]/).at(-1)!;
}
