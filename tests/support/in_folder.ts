/**
 * Calls `use` with a new folder, by its real path, which is removed afterwards.
 *
 * @param prefix Beginning of its name.
 */
export async function inFolder<T>(
  use: (folder: string) => Promise<T>,
  { prefix = "fluxion-test-" }: { readonly prefix?: string } = {},
): Promise<T> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix }));
  try {
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
