import { fileKind } from "../input_file.ts";
import { manifests } from "./manifest.ts";
import { pointSources } from "../registry.ts";

/** A data set that can be opened by name. */
export interface DatasetEntry {
  /** Under which it is opened. */
  readonly name: string;
  /** What it holds. */
  readonly kind: "points" | "images";
  /** What it is, in a few words. */
  readonly summary: string;
  /** Of the images; null for what is computed. */
  readonly licence: string | null;
  /** Computed on the spot or part of the program: can be opened at once. */
  readonly builtIn: boolean;
  /** For what is downloaded: its folder, and whether it is there; null for what is not. */
  readonly download: { readonly folder: string | null; readonly present: boolean } | null;
}

/**
 * Every data set that can be opened by name, and what of it is on this machine.
 * Files are looked for, not checked: `verifyDataset` does that.
 *
 * @param dataDir `dataDirectory`, or null where there is none.
 */
export async function listDatasets(dataDir: string | null): Promise<readonly DatasetEntry[]> {
  const entries: DatasetEntry[] = pointSources.map((source) => ({
    name: source.name,
    kind: "points",
    summary: source.summary,
    licence: null,
    builtIn: true,
    download: null,
  }));
  for (const { name, title, licence, files } of manifests) {
    const folder = dataDir === null ? null : `${dataDir}/${name}`;
    entries.push({
      name,
      kind: "images",
      summary: name === "mnist" ? `${title}; binarised built in, grey values to fetch` : title,
      licence,
      builtIn: name === "mnist",
      download: { folder, present: folder !== null && await holdsAll(folder, files) },
    });
  }
  return entries;
}

async function holdsAll(
  folder: string,
  files: readonly { readonly name: string }[],
): Promise<boolean> {
  const kinds = await Promise.all(
    files.map(async ({ name }) =>
      await fileKind(`${folder}/${name}`) === "file" ||
      await fileKind(`${folder}/${name}.gz`) === "file"
    ),
  );
  return kinds.every((present) => present);
}
