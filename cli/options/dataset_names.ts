/** The names of data sets that begin with what was typed. */
export async function proposeDatasets(partial: string): Promise<readonly string[]> {
  const { datasetNames } = await import("../../src/data/registry.ts");
  return datasetNames.filter((name) => name.startsWith(partial));
}
