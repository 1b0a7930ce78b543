/**
 * Takes a file for this process until it is closed; the lock is the system's (flock), and ends
 * with the process.
 *
 * @returns Whether nobody else has it. True where there are no locks, as in Node.js: nobody is kept
 *   apart there.
 */
export async function takeFile(file: Deno.FsFile): Promise<boolean> {
  try {
    return await file.tryLock(true);
  } catch (error) {
    if (error instanceof Deno.errors.NotSupported) return true;
    throw error;
  }
}
