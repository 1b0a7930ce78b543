/**
 * Tries to lock a file exclusively (flock). The lock is released when the file is closed or the
 * process ends.
 *
 * @returns False if another process holds the lock. True also if the runtime has no file locks, as
 *   in Node.js; there is no mutual exclusion there.
 */
export async function tryLockFile(file: Deno.FsFile): Promise<boolean> {
  try {
    return await file.tryLock(true);
  } catch (error) {
    if (error instanceof Deno.errors.NotSupported) return true;
    throw error;
  }
}
