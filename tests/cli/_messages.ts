/** Extracts the program's messages from its sources, and the commands that can print them. */

const root = new URL("../../", import.meta.url).pathname;

/** A string or template literal in a module, with `${}` for its expressions. */
export interface Literal {
  readonly module: string;
  readonly line: number;
  readonly text: string;
}

/** After these a slash starts a regular expression, not a division. */
const BEFORE_REGEX = /(?:^|[(,=:[&|?{;]|(?<![\w\])])!|return|case|=>)\s*$/;

/**
 * The string and template literals of a source, with those joined by `+` merged; comments and
 * regular expressions are skipped.
 */
export function literalsOf(module: string, source: string): Literal[] {
  const found: (Literal & { readonly end: number })[] = [];
  let at = 0;
  const add = (from: number, text: string) => {
    const last = found.at(-1);
    const joined = last !== undefined && /^\s*\+\s*$/.test(source.slice(last.end + 1, from));
    if (joined) found.pop();
    found.push({
      module,
      line: joined ? last.line : line(from),
      text: joined ? last.text + text : text,
      end: at,
    });
  };
  const line = (to: number) => source.slice(0, to).split("\n").length;
  /** Reads code up to `end` ("}" of a template expression) or to the end of the source. */
  const code = (end: string | null) => {
    let depth = 0;
    for (; at < source.length; at++) {
      const letter = source[at]!, next = source[at + 1];
      if (letter === "/" && next === "/") at = lineEnd() - 1;
      else if (letter === "/" && next === "*") at = source.indexOf("*/", at) + 1;
      else if (letter === "/" && BEFORE_REGEX.test(source.slice(Math.max(0, at - 20), at))) regex();
      else if (letter === '"' || letter === "'") quoted(letter);
      else if (letter === "`") template();
      else if (letter === "{") depth++;
      else if (letter === "}" && depth-- === 0 && end === "}") return;
    }
  };
  const requireMore = () => {
    if (at >= source.length) throw new Error(`${module}: a literal without an end`);
  };
  const lineEnd = () => {
    const to = source.indexOf("\n", at);
    return to < 0 ? source.length : to;
  };
  const regex = () => {
    let inClass = false;
    for (at++; source[at] !== "/" || inClass; at++) {
      requireMore();
      if (source[at] === "\\") at++;
      else if (source[at] === "[") inClass = true;
      else if (source[at] === "]") inClass = false;
    }
  };
  const quoted = (quote: string) => {
    const from = at++;
    for (; source[at] !== quote; at++) {
      requireMore();
      if (source[at] === "\\") at++;
    }
    add(from, source.slice(from + 1, at));
  };
  const template = () => {
    const from = at++;
    let text = "";
    for (; source[at] !== "`"; at++) {
      requireMore();
      if (source[at] === "$" && source[at + 1] === "{") {
        at += 2;
        code("}");
        text += "${}";
      } else {
        text += source[at];
        if (source[at] === "\\") text += source[++at];
      }
    }
    add(from, text);
  };
  code(null);
  return found;
}

/** The modules under `folder`, as paths from the project's root. */
export function* modulesUnder(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${root}${folder}`)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* modulesUnder(path);
    else if (/(?<!\.as|\.part\.as|\.d)\.ts$/.test(name)) yield path;
  }
}

/** The source of a module. */
export function sourceOf(module: string): string {
  return Deno.readTextFileSync(`${root}${module}`);
}

/** Runtime imports of a module, including dynamic ones; type imports have no messages. */
export function importsOf(module: string): string[] {
  const statements = sourceOf(module).matchAll(
    /(?:^(?:import|export)(?! type)[^;]*?from\s+|^import\s+|import\(\s*)"(\.{1,2}\/[^"]+\.ts)"/gm,
  );
  const base = new URL(module, "file:///");
  return Array.from(statements, ([, path]) => new URL(path!, base).pathname.slice(1));
}

/** All modules reachable from a module, including itself. */
export function reachedFrom(module: string): Set<string> {
  const reached = new Set([module]);
  for (const each of reached) {
    for (const next of importsOf(each)) reached.add(next);
  }
  return reached;
}
