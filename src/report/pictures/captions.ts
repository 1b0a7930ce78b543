import { datasetNames } from "../../data/dataset_names.ts";
import type { TableColumn } from "../../data/tables/columns.ts";
import type { CoordinateOptions } from "../../plot/picture.ts";
import type { TrainConfig } from "../../train/options/table.ts";
import { datasetLabel } from "../pages/format.ts";

/** Title of a run's picture: "CNF on moons, step 3000". */
export function pictureTitle(
  { model, net, data }: Pick<TrainConfig, "model" | "net" | "data">,
  step: number,
): string {
  const network = net === undefined || net === "mlp" ? "" : ` (${netTitles[net] ?? net})`;
  const on = data === "-" ? "standard input" : datasetLabel(data);
  return `${modelTitles[model]}${network} on ${on}, step ${step}`;
}

const modelTitles = { cnf: "CNF", fm: "Flow matching" } as const;
const netTitles: Readonly<Record<string, string>> = { unet: "U-Net", resnet: "ResNet" };

/**
 * How a run's points are shown: built-in data with equal scales, the columns of a table with their
 * own, their names and those of their categories.
 *
 * @param columns The table's columns; null if the data are from no file.
 */
export function coordinatesOf(
  { data }: Pick<TrainConfig, "data">,
  columns: readonly TableColumn[] | null,
): CoordinateOptions {
  if (datasetNames.includes(data)) return { scales: "equal" };
  if (columns === null) return {};
  const names = columns.map(({ name, number }) => name ?? `column ${number}`);
  const categories = columns.map((column) =>
    column.kind === "categorical" ? column.categories : null
  );
  return {
    scales: "own",
    ...(columns.some(({ name }) => name !== null) ? { names } : {}),
    ...(categories.some((names) => names !== null) ? { categories } : {}),
  };
}
