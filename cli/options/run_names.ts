import { shippedModels } from "@fluxion/fluxion/options";
import { userFolder } from "../paths.ts";

/** Runs that start with a prefix: `latest`, and the folders in `runs/`, the newest first. */
export async function proposeRuns(partial: string): Promise<readonly string[]> {
  const folders: { readonly path: string; readonly modified: number }[] = [];
  try {
    for await (const { name } of Deno.readDir(`${userFolder()}/runs`)) {
      // A folder that is removed meanwhile, or whose name a shell would split, is not proposed.
      const config = await Deno.stat(`${userFolder()}/runs/${name}/config.json`).catch(() => null);
      if (config?.isFile && /^[\p{L}\p{M}\p{N}_.=+,@%-]+$/u.test(name)) {
        folders.push({ path: `runs/${name}`, modified: config.mtime?.getTime() ?? 0 });
      }
    }
  } catch {
    // No runs here, or they cannot be read: a completion must not print an error.
  }
  const newestFirst = folders.sort((a, b) => b.modified - a.modified).map(({ path }) => path);
  const latest = newestFirst.length === 0 ? [] : ["latest"];
  return [...latest, ...newestFirst].filter((name) => name.startsWith(partial));
}

/**
 * What {@link proposeRuns} proposes, and the models that come with Fluxion once their name is begun:
 * without any proposal the shell completes file names.
 */
export async function proposeModels(partial: string): Promise<readonly string[]> {
  const shipped = shippedModels.filter((name) => partial !== "" && name.startsWith(partial));
  return [...await proposeRuns(partial), ...shipped];
}
