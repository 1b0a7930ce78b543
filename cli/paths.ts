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

/** Makes a path of the user's absolute; `-` is unchanged. */
export function userPath(path: string): string {
  if (path === "-" || isAbsolute(path)) return path;
  return `${userFolder()}/${path}`.replace(/\/(\.\/)+/g, "/").replace(/\/\.$/, "");
}

/** A path for messages: relative to the user's folder if it is inside it. */
export function shownPath(path: string): string {
  const folder = `${userFolder()}/`;
  return path.startsWith(folder) ? path.slice(folder.length) : path;
}

/** A message with the paths that begin above the user's folder as they were typed: `../points.csv`. */
export function pathsAsTyped(message: string): string {
  return message.replaceAll(
    `${userFolder()}/../`,
    (found, at: number, whole: string) =>
      /^$|[\s"'(=,]/.test(whole.slice(0, at).slice(-1)) ? "../" : found,
  );
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
