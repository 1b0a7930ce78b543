import { naturalOrder } from "@fluxion/fluxion/data";
import { isShippedModel } from "@fluxion/fluxion/options";
import { exists } from "../paths.ts";
import { runFolder, runsInside } from "./runs_folder.ts";

/**
 * The runs that the arguments RUN... name, each once: a folder that is no run stands for the runs in
 * it, in the order of their names. A model that comes with Fluxion, and what is neither, stay as they
 * are for the command to take or to refuse.
 *
 * @returns Absolute paths, and names that are none.
 */
export async function namedRuns(names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) found.push(...await runsOf(name));
  return [...new Set(found)];
}

async function runsOf(name: string): Promise<readonly string[]> {
  if (isShippedModel(name)) return [name];
  const folder = await runFolder(name);
  const inside = await runsInside(folder);
  if (inside.length > 0) return inside.toSorted(naturalOrder);
  // A name that nothing has is refused as it was typed.
  return [await exists(folder) ? folder : name];
}
