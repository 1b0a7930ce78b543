/**
 * The folder in which downloaded data sets are kept, each in a folder of its name:
 * `FLUXION_DATA_DIR` if it is set, else `fluxion` in the user's cache folder
 * (`XDG_CACHE_HOME` or `~/.cache`; `~/Library/Caches` on macOS, `LOCALAPPDATA` on
 * Windows). Null where no such variable is set.
 *
 * @param environment Looks up a variable.
 * @param os As `Deno.build.os` names it.
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
  // The XDG base directory specification: a relative path there is to be ignored.
  if (xdg?.startsWith("/")) return xdg;
  return home ? `${home}/.cache` : null;
}
