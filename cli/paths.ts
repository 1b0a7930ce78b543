import { InputError } from "@fluxion/fluxion/core";
import { sweepTemporaries } from "@fluxion/fluxion/files";

/**
 * The user's current folder, to which paths are relative.
 *
 * `deno task` runs in the project's root and stores the user's folder in `INIT_CWD`. In any other
 * folder that variable comes from some other script.
 */
export function userFolder(): string {
  const here = Deno.cwd();
  const projectRoot = import.meta.dirname?.replace(/[\\/]cli$/, "");
  return here === projectRoot ? Deno.env.get("INIT_CWD") ?? here : here;
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
}

/** Relative paths that were typed with `..`, by the absolute ones without it. */
const typedPaths = new Map<string, string>();

/** Makes a path of the user's absolute, without `.` and `..`; `-` is unchanged. */
export function userPath(path: string): string {
  if (path === "-") return path;
  const relative = !isAbsolute(path);
  const absolute = relative ? `${userFolder()}/${path}` : path;
  const plain = withoutParents(absolute.replace(/\/(\.\/)+/g, "/").replace(/(?<=.)\/\.$/, ""));
  if (relative && plain !== absolute && /(^|\/)\.\.(\/|$)/.test(path)) {
    typedPaths.set(plain.replace(/\/+$/, ""), path.replace(/\/+$/, ""));
  }
  return plain;
}

/** A path without `..`, unless that would lead elsewhere: the parent of a link is not where it stands. */
function withoutParents(path: string): string {
  if (!/\/\.\.(\/|$)/.test(path)) return path;
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part !== "..") kept.push(part);
    else if (isLink(kept.join("/"))) return path;
    else if (kept.length > 1) kept.pop();
  }
  return kept.join("/") || "/";
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

/** A path for messages: relative to the user's folder if it is inside it, or was typed with `..`. */
export function shownPath(path: string): string {
  const folder = `${userFolder()}/`;
  if (path.startsWith(folder)) return path.slice(folder.length);
  for (const [plain, typed] of typedPaths) {
    if (path === plain || path.startsWith(`${plain}/`)) return typed + path.slice(plain.length);
  }
  return path;
}

/** A message with the paths that were typed with `..` as they were: `../points.csv`. */
export function pathsAsTyped(message: string): string {
  let shown = message;
  for (const [plain, typed] of typedPaths) {
    shown = shown.replaceAll(plain, (found, at: number, whole: string) => {
      const isWhole = /^$|[\s"'(=,]/.test(whole.slice(0, at).slice(-1)) &&
        !/^(?:[\w-]|\.\w)/.test(whole.slice(at + found.length));
      return isWhole ? typed : found;
    });
  }
  return shown;
}

/** The user's folder as a reader of the file at `path` (absolute) finds it; Markdown. */
export function folderInWords(path: string): string {
  const here = userFolder().replace(/[\\/]+$/, "");
  const folder = path.replace(/[\\/][^\\/]*$/, "");
  if (folder === here) return "the folder of this file";
  if (!folder.startsWith(`${here}/`)) return `\`${here}\``;
  const depth = folder.slice(here.length + 1).split("/").length;
  return `\`${Array(depth).fill("..").join("/")}\`, seen from the folder of this file`;
}

/** File information for a path, or null if nothing is there. */
async function lookUp(
  path: string,
  stat: (path: string) => Promise<Deno.FileInfo>,
): Promise<Deno.FileInfo | null> {
  try {
    return await stat(path);
  } catch (error) {
    // NotADirectory: a parent of the path is a file.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw error;
  }
}

/** Whether a path exists. */
export async function exists(path: string): Promise<boolean> {
  return await lookUp(path, Deno.lstat) !== null;
}

/** Whether a path is a folder, or a link to one. */
export async function isFolder(path: string): Promise<boolean> {
  return (await lookUp(path, Deno.stat))?.isDirectory ?? false;
}

/**
 * Checks an output path and makes it absolute. Removes temporary files of killed processes from its
 * folder.
 *
 * @throws {InputError} If the path exists without `overwrite`, is a folder, or its folder is missing.
 */
export async function outputPath(
  path: string,
  options: { readonly overwrite?: boolean },
): Promise<string> {
  const absolute = userPath(path);
  if (await isFolder(absolute)) throw new InputError(`--out ${path}: is a folder; name a file`);
  if (!options.overwrite && await exists(absolute)) {
    throw new InputError(`--out ${path}: the file exists; pass --overwrite to replace it`);
  }
  const folder = absolute.replace(/[\\/][^\\/]*$/, "");
  if (folder !== "" && !(await isFolder(folder))) {
    throw new InputError(`--out ${path}: there is no folder ${folder}; create it first`);
  }
  await sweepTemporaries(folder === "" ? "/" : folder);
  return absolute;
}
