import type { EngineTimesFile } from "@fluxion/fluxion/program";
import { version } from "../version.ts";
import { dataFolder } from "./open_data.ts";

/** Where measured times of training steps are kept; null if the system has no suitable place. */
export function engineTimes(): EngineTimesFile | null {
  const folder = dataFolder();
  return folder === null ? null : { file: `${folder}/engine-times.json`, version };
}
