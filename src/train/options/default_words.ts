import type { ModelName, TrainOptionDeclaration } from "./declaration.ts";
import { defaultDataOf, defaultOf, netsOf } from "./defaults.ts";
import { type TrainOptionName, trainOptions } from "./table.ts";
import { tableDefaults } from "./table_sizes.ts";

/**
 * An option's default in words for the help of `train MODEL`, such as `default 0.01`; null if it has
 * none.
 */
export function defaultWordsOf(name: TrainOptionName, model: ModelName): string | null {
  const { default: declared, defaultWords }: TrainOptionDeclaration = trainOptions[name];
  if (defaultWords !== undefined) return defaultWords;
  if (declared === undefined) return null;
  return `${generalWords(name, model)}${tableWords(name, model)}`;
}

/** Sizes of tables far apart: a default that is equal for both does not follow the size. */
const SMALL = { rows: 100, dims: 2 } as const, LARGE = { rows: 100_000, dims: 100 } as const;

/** What tables from files have instead; empty if they have the default of other points. */
function tableWords(name: TrainOptionName, model: ModelName): string {
  const value = tableDefaults(model, SMALL)[name];
  if (value === undefined) return "";
  const isFixed = value === tableDefaults(model, LARGE)[name];
  return isFixed ? `; of tables ${value}` : "; of tables by their rows and columns";
}

function generalWords(name: TrainOptionName, model: ModelName): string {
  // The default network depends on the data.
  if (name === "data") return `default ${defaultDataOf(model, undefined)}`;
  if (model === "cnf") return wordsOf(defaultOf(name, model, "mlp"));
  const points = defaultOf(name, model, "mlp");
  const images = defaultOf(name, model, "unet");
  const others = netsOf(model).map((net) => ({ net, value: defaultOf(name, model, net) }))
    .filter(({ net, value }) => net !== "mlp" && net !== "unet" && value !== undefined);
  if (points === undefined && images === undefined) return wordsOf(others[0]?.value);
  const parts = [
    ...(points === images ? [`${points}`] : [
      ...(points === undefined ? [] : [`${points} for points`]),
      ...(images === undefined ? [] : [`${images} for images`]),
    ]),
    ...others.filter(({ value }) => value !== images)
      .map(({ net, value }) => `${value} for the ${net}`),
  ];
  return `default ${parts.join(", ")}`;
}

function wordsOf(value: string | number | boolean | undefined): string {
  return value === undefined ? "no default" : `default ${value}`;
}
