import { type Dataset, imageReadingWords, readingWords } from "@fluxion/fluxion/data";
import { option } from "@fluxion/fluxion/options";
import { evalOptions } from "../commands/eval/flags.ts";
import { asTypedOptions } from "../options/spelling.ts";
import type { MessageFlags } from "../options/shared.ts";
import { shownPath } from "../paths.ts";
import { speaker } from "../terminal/terminal.ts";
import { dataName, openData } from "./open_data.ts";
import type { OpenedRun } from "./open_run.ts";

/**
 * Opens the data on which a run is evaluated: its own test rows, or all rows of another file.
 *
 * @param flags.data A file or a data set; undefined: the run's own.
 * @param flags.dropMissing Of another file: whether rows with missing values are left out.
 * @param flags.header Of another file: whether its first line is names.
 * @throws {InputError} If the data cannot be read.
 */
export async function openEvaluated(
  { config, runConfig, dataOptions }: Pick<OpenedRun, "config" | "runConfig" | "dataOptions">,
  flags: MessageFlags & {
    readonly data?: string;
    readonly header?: "yes" | "no";
    readonly dropMissing?: boolean;
  },
): Promise<Dataset> {
  const { data, header } = flags;
  const { dataFile } = runConfig;
  const say = speaker(flags);
  if (data === undefined) {
    const dataset = await openData(config.data, { ...dataOptions, fromRun: "nameOthers" });
    if (dataFile !== null && dataset.identity?.sha256 !== dataFile.sha256) {
      const words =
        `${shownPath(config.data)}: has changed since the run was trained; its test rows ` +
        `may be rows that the run has seen; ${
          option("data")
        } FILE evaluates on all rows of another`;
      say(asTypedOptions(words, evalOptions));
    }
    return dataset;
  }
  // Runs of versions that did not record the content of their file know it by its path.
  const isOwnByPath = dataFile === null && await dataName(data) === config.data;
  const ownSha256 = isOwnByPath ? {} : { ownSha256: dataFile?.sha256 ?? "none" };
  const { testData, ...options } = dataOptions;
  const { dropMissing = options.dropMissing } = flags;
  const dataset = await openData(data, { ...options, header, dropMissing, ...ownSha256 });
  const isOwn = isOwnByPath || dataset.identity?.sha256 === dataFile?.sha256;
  if (isOwn && testData !== undefined) return await openData(data, dataOptions);
  const rows = isOwn ? ` (${dataset.test.count} test)` : ", all of which are evaluated";
  if (dataset.kind === "images" && dataset.reading !== undefined) {
    say(imageReadingWords(dataset, rows));
  }
  if (dataset.kind === "points" && dataset.file !== undefined) {
    const count = dataset.train.count + dataset.test.count;
    say(asTypedOptions(readingWords(data, { ...dataset.file, count }, { rows }), evalOptions));
  }
  return dataset;
}
