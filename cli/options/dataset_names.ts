import { datasetNames } from "@fluxion/fluxion/options";

/** The names of data sets that start with a prefix. */
export function proposeDatasets(partial: string): readonly string[] {
  return datasetNames.filter((name) => name.startsWith(partial));
}
