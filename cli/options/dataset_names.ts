import { datasetNames } from "@fluxion/fluxion/options";

/** The names of data sets that begin with what was typed. */
export function proposeDatasets(partial: string): readonly string[] {
  return datasetNames.filter((name) => name.startsWith(partial));
}
