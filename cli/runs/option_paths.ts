import { isShippedModel, type TrainOptions } from "@fluxion/fluxion/options";
import { dataName } from "./open_data.ts";
import { runFolder } from "./runs_folder.ts";

/** Training options whose paths are absolute, since a run is used from other folders too. */
export async function withPaths(options: TrainOptions): Promise<TrainOptions> {
  const { data, testData, init } = options;
  return {
    ...options,
    ...(data === undefined ? {} : { data: await dataName(data) }),
    ...(testData === undefined ? {} : { testData: await dataName(testData) }),
    ...(init === undefined ? {} : { init: isShippedModel(init) ? init : await runFolder(init) }),
  };
}
