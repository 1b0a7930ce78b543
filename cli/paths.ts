import { InputError } from "@fluxion/fluxion/core";
import { sweepTemporaries } from "@fluxion/fluxion/files";

/**
 * The folder in which the user stands, from which relative paths count.
 *
 * `deno task` runs in the project's root and leaves the user's folder in
 * `INIT_CWD`. Anywhere else that variable belongs to somebody else's script.
 */
export function userFolder(): string {
  const here = Deno.cwd();
  const projectRoot = import.meta.dirname?.replace(/[\\/]cli$/, "");
  return here === projectRoot ? Deno.env.get("INIT_CWD") ?? here : here;
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
}

/** A path as the user wrote it, made absolute; `-` stays. */
export function userPath(path: string): string {
  if (path === "-" || isAbsolute(path)) return path;
  return `${userFolder()}/${path}`.replace(/\/(\.\/)+/g, "/").replace(/\/\.$/, "");
}

/** A path as the user would write it: relative to where they stand, if it is below. */
export function shownPath(path: string): string {
  const folder = `${userFolder()}/`;
  return path.startsWith(folder) ? path.slice(folder.length) : path;
}

/** What a path leads to; null where that is nothing. */
async function lookUp(
  path: string,
  stat: (path: string) => Promise<Deno.FileInfo>,
): Promise<Deno.FileInfo | null> {
  try {
    return await stat(path);
  } catch (error) {
    // The second: a file stands where the path has a folder.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw error;
  }
}

/** Whether something is there. */
export async function exists(path: string): Promise<boolean> {
  return await lookUp(path, Deno.lstat) !== null;
}

/** Whether a folder, or a link to one, is there. */
export async function isFolder(path: string): Promise<boolean> {
  return (await lookUp(path, Deno.stat))?.isDirectory ?? false;
}

/**
 * An output path, absolute and free to be written. Its folder is rid of what killed processes left.
 *
 * @throws {InputError} If something is there and `overwrite` was not asked for, it is a folder, or its own folder is missing.
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
    throw new InputError(`--out ${path}: there is no folder ${folder}; make it first`);
  }
  await sweepTemporaries(folder === "" ? "/" : folder);
  return absolute;
}
