import type { FuzzTarget } from "./target.ts";
import { config } from "./targets/config.ts";
import { csv } from "./targets/csv.ts";
import { gzip } from "./targets/gzip.ts";
import { idx } from "./targets/idx.ts";
import { imageArrays } from "./targets/image_arrays.ts";
import { imageRows } from "./targets/image_rows.ts";
import { manifest } from "./targets/manifest.ts";
import { npy } from "./targets/npy.ts";
import { npz } from "./targets/npz.ts";
import { parquet } from "./targets/parquet.ts";
import { pictures } from "./targets/pictures.ts";
import { png } from "./targets/png.ts";
import { points } from "./targets/points.ts";
import { runFolder } from "./targets/run_folder.ts";
import { safetensors } from "./targets/safetensors.ts";

/** Every parser of what a user may bring. @param folder An empty one, for the parser of folders. */
export async function parserTargets(folder: string): Promise<readonly FuzzTarget[]> {
  const inMemory = [
    csv,
    npy,
    npz,
    parquet,
    idx,
    gzip,
    points,
    imageArrays,
    imageRows,
    png,
    pictures,
    safetensors,
    config,
    manifest,
  ];
  return [...inMemory, await runFolder(folder)];
}
