import { fileKind } from "../input_file.ts";
import { manifests } from "./manifest.ts";
import { pointSources } from "../registry.ts";

/** A data set that can be opened by name. */
export interface DatasetEntry {
  /** Name by which it is opened. */
  readonly name: string;
  /** Whether rows are points or images. */
  readonly kind: "points" | "images";
  /** A short description. */
  readonly summary: string;
  /** Licence of the images; null for generated points. */
  readonly licence: string | null;
  /** Generated on demand or embedded in the program: can be opened without a download. */
  readonly builtIn: boolean;
  /** Download folder, and whether all files are present; null if it is never downloaded. */
  readonly download: { readonly folder: string | null; readonly present: boolean } | null;
}

/**
 * Lists every data set that can be opened by name, and which are on this machine. Only checks that
 * files exist; `verifyDataset` checks their content.
 *
 * @param dataDir The result of `dataDirectory`.
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
