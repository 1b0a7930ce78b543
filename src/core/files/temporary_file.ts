/**
 * Temporary files and folders, as whoever writes atomically makes them beside what they write.
 *
 * A process holds the system's lock (flock) on each of its own, and the lock ends with the
 * process, however that ends: one that nobody holds was left behind. Numbers of processes would
 * not tell: they are given again, and differ between containers.
 */

/** Longest part of a name that is kept: names have at most 255 bytes, letters up to 4. */
const KEPT_LETTERS = 50;

const PATTERN = /\.fluxion-[0-9a-f]{12}\.tmp$/;

/** Whether a name is that of a temporary file or folder. */
export function isTemporaryName(name: string): boolean {
  return PATTERN.test(name);
}

/** A temporary file, open to be written and locked. */
export interface TemporaryFile {
  readonly path: string;
  readonly file: Deno.FsFile;
}

/** Where a path's last part begins. */
function nameStart(path: string): number {
  return Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1;
}

/** The folder of a path, as a path. */
export function folderOf(path: string): string {
  return path.slice(0, nameStart(path)) || ".";
}

/** A name beside `path` that nobody has: `samples.csv.fluxion-0123456789ab.tmp`. */
export function temporaryPath(path: string): string {
  const at = nameStart(path);
  const kept = [...path.slice(at)].slice(0, KEPT_LETTERS).join("");
  const unique = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
  return `${path.slice(0, at)}${kept}.fluxion-${unique}.tmp`;
}

/**
 * Makes a temporary file beside `path`, to be renamed while it is still open.
 *
 * @throws Whatever the system says, such as that there is no folder.
 */
export async function makeTemporaryFile(path: string): Promise<TemporaryFile> {
  for (;;) {
    const temporary = temporaryPath(path);
    const file = await Deno.open(temporary, { write: true, createNew: true });
    if (await isHeld(file, temporary)) return { path: temporary, file };
    file.close();
  }
}

/**
 * Makes a temporary folder beside `path`, which is locked until it is disposed.
 *
 * @throws Whatever the system says.
 */
export async function makeTemporaryFolder(path: string): Promise<Disposable & { path: string }> {
  for (;;) {
    const temporary = temporaryPath(path);
    await Deno.mkdir(temporary);
    // Windows opens no folders: nobody locks one there, and nobody removes one.
    const handle = await Deno.open(temporary).catch(() => null);
    if (handle === null || await isHeld(handle, temporary)) {
      return { path: temporary, [Symbol.dispose]: () => handle?.close() };
    }
    handle.close();
  }
}

/** Whether the lock was got before somebody who sweeps had taken the new file for one left behind. */
async function isHeld(file: Deno.FsFile, path: string): Promise<boolean> {
  try {
    if (!await file.tryLock(true)) return false;
  } catch {
    // A file system without locks: nobody can sweep there either.
    return true;
  }
  const [own, named] = [await file.stat(), await Deno.stat(path).catch(() => null)];
  return named !== null && named.ino === own.ino;
}

/**
 * Removes the temporary files and folders in a folder that no process holds. What cannot be
 * removed stays; a folder that is not there has none.
 */
export async function sweepTemporaries(folder: string): Promise<void> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) if (isTemporaryName(name)) names.push(name);
  } catch {
    return;
  }
  for (const name of names) await removeUnheld(`${folder}/${name}`);
}

async function removeUnheld(path: string): Promise<void> {
  const handle = await Deno.open(path).catch(() => null);
  if (handle === null) return;
  try {
    if (await handle.tryLock(true)) await Deno.remove(path, { recursive: true });
  } catch {
    // Somebody else's, or gone.
  } finally {
    handle.close();
  }
}
