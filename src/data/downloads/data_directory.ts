/**
 * The folder for downloaded data sets, with one subfolder per data set: `FLUXION_DATA_DIR` if set,
 * else `fluxion` in the user's cache folder (`XDG_CACHE_HOME` or `~/.cache`; `~/Library/Caches` on
 * macOS, `LOCALAPPDATA` on Windows). Null if none of these variables is set.
 *
 * @param environment Looks up an environment variable.
 * @param os One of the values of `Deno.build.os`.
 */
export function dataDirectory(
  environment: (name: string) => string | undefined,
  os: string,
): string | null {
  const own = environment("FLUXION_DATA_DIR");
  if (own) return own;
  const cache = cacheDirectory(environment, os);
  return cache === null ? null : `${cache}/fluxion`;
}

function cacheDirectory(
  environment: (name: string) => string | undefined,
  os: string,
): string | null {
  if (os === "windows") return environment("LOCALAPPDATA") || null;
  const home = environment("HOME");
  if (os === "darwin") return home ? `${home}/Library/Caches` : null;
  const xdg = environment("XDG_CACHE_HOME");
  // The XDG base directory specification says to ignore relative paths.
  if (xdg?.startsWith("/")) return xdg;
  return home ? `${home}/.cache` : null;
}
