/**
 * Temporary files and folders for atomic writes, created beside the target.
 *
 * A process holds a lock (flock) on each of its temporaries, and the system releases the lock when
 * the process ends in any way: an unlocked temporary is abandoned. Process ids could not tell this:
 * they are reused, and differ between containers.
 */

/** Characters of the target's name that are kept: names have at most 255 bytes, characters up to 4. */
const KEPT_LETTERS = 50;

const PATTERN = /\.fluxion-[0-9a-f]{12}\.tmp$/;

/** Whether this is the name of a temporary file or folder. */
export function isTemporaryName(name: string): boolean {
  return PATTERN.test(name);
}

/** A temporary file, open for writing and locked. */
export interface TemporaryFile {
  readonly path: string;
  readonly file: Deno.FsFile;
}

/** Index at which a path's last component begins. */
function nameStart(path: string): number {
  return Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1;
}

/** The parent folder of a path. */
export function folderOf(path: string): string {
  return path.slice(0, nameStart(path)) || ".";
}

/** A unique temporary name beside `path`: `samples.csv.fluxion-0123456789ab.tmp`. */
export function temporaryPath(path: string): string {
  const at = nameStart(path);
  const kept = [...path.slice(at)].slice(0, KEPT_LETTERS).join("");
  const unique = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
  return `${path.slice(0, at)}${kept}.fluxion-${unique}.tmp`;
}

/**
 * Creates a temporary file beside `path`; rename it while it is still open.
 *
 * @throws The system's error, for example if the folder does not exist.
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
 * Creates a temporary folder beside `path`, locked until it is disposed.
 *
 * @throws The system's error.
 */
export async function makeTemporaryFolder(path: string): Promise<Disposable & { path: string }> {
  for (;;) {
    const temporary = temporaryPath(path);
    await Deno.mkdir(temporary);
    // Windows cannot open folders: they are neither locked nor swept there.
    const handle = await Deno.open(temporary).catch(() => null);
    if (handle === null || await isHeld(handle, temporary)) {
      return { path: temporary, [Symbol.dispose]: () => handle?.close() };
    }
    handle.close();
  }
}

/** Locks a new file; false if a concurrent sweep locked or removed it first. */
async function isHeld(file: Deno.FsFile, path: string): Promise<boolean> {
  try {
    if (!await file.tryLock(true)) return false;
  } catch {
    // A file system without locks cannot be swept either.
    return true;
  }
  const [own, named] = [await file.stat(), await Deno.stat(path).catch(() => null)];
  return named !== null && named.ino === own.ino;
}

/**
 * Removes abandoned temporary files and folders from `folder`. Ignores those that cannot be removed,
 * and a folder that does not exist.
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
    // Owned by another user, or already removed.
  } finally {
    handle.close();
  }
}
