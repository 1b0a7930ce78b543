/** The names of data sets that begin with what was typed. */
export async function proposeDatasets(partial: string): Promise<readonly string[]> {
  const { datasetNames } = await import("@fluxion/fluxion/data");
  return datasetNames.filter((name) => name.startsWith(partial));
}
