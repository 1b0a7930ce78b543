import type { Dataset, ImageDataset, PointDataset, PointTable } from "../../data/dataset.ts";
import { type ColumnKind, gridWords } from "../../data/tables/kinds/column_kind.ts";
import { likelihoodConvention, ofColumn } from "../../flows/standardization.ts";
import type { Bounds } from "../../metrics/bounds.ts";
import { readImages } from "../../train/batches.ts";
import { labelledGrid } from "../../plot/labelled_grid.ts";
import { type Panel, panelsPlot } from "../../plot/panels_plot.ts";
import type { CoordinateOptions } from "../../plot/picture.ts";
import { pointsPlot } from "../../plot/points_plot.ts";
import type { Block } from "../pages/document.ts";
import { named } from "../../core/quoted.ts";
import { foldedSubsection, type PlannedSection, prose } from "../plan.ts";
import { figure, type RunContext } from "../run_context.ts";
import { coordinatesOf } from "../pictures/captions.ts";
import { boundsAround } from "../pictures/run_pictures.ts";
import { code, datasetLabel, grouped, number } from "../pages/format.ts";

/** Largest number of points drawn. */
const POINTS = 2000;

/** Grid of images: columns, and rows of training and test images. */
const IMAGES = { columns: 8, train: 3, test: 2 } as const;

/** Plans the section on a run's training and test data, with labels where there are any. */
export function planData(context: RunContext): PlannedSection {
  const { dataset } = context.run;
  return foldedSubsection(context.id, "The data", [{
    label: "the data",
    make: async () => [
      dataset.kind === "points" ? await points(dataset, context.run) : await images(dataset),
      ...unitNotes(context.run, dataset),
    ],
  }]);
}

/** A column's name (untrusted text from a file), or its number. */
function columnLabel(name: string | null | undefined, number: number): string {
  return code(name ? named(name, 60) : String(number));
}

/** What a column is to the model. */
function kindLabel(kind: ColumnKind): string {
  switch (kind.kind) {
    case "real":
      return "a real number";
    case "log":
      return "its logarithm";
    case "dequantized":
      return `${gridWords(kind)}, with noise`;
    case "categorical":
      return `one of ${kind.categories.length} categories, with noise`;
    default:
      return kind satisfies never;
  }
}

/** Largest number of columns whose scales are listed. */
const LISTED = 30;

/** Explains the standardisation of the columns. */
function unitNotes(
  { standardization, config, dropped }: RunContext["run"],
  dataset: Dataset,
): Block[] {
  if (standardization === null || dataset.kind === "images") return [];
  const { kind, columns } = standardization;
  const [middle, spread] = kind === "robust"
    ? ["median", "interquartile range / 1.349"]
    : ["mean", "standard deviation"];
  const convention = likelihoodConvention(standardization);
  const left = dropped.map(({ number, name }) => columnLabel(name, number));
  return [
    prose(
      (kind === "none"
        ? "The model sees the columns below without scaling; "
        : `The model sees each column minus its ${middle}, divided by its ${spread}, over ${
          config.init === undefined
            ? "the training points"
            : "the points that its initial weights were trained on"
        }; `) +
        (kind === "whiten"
          ? "then the correlations of the columns are removed (their shrunk covariance becomes the " +
            "identity); "
          : "") +
        "samples, likelihoods and pictures are in the data's own units" +
        (config.model === "fm"
          ? ", and the flow-matching loss is that of the standardised data."
          : ".") +
        (convention === null ? "" : ` Log-likelihoods are the ${convention}.`) +
        (left.length === 0 ? "" : ` Left out of the file: ${left.join(", ")}.`),
    ),
    {
      kind: "table",
      label: "How the columns are scaled",
      look: "records",
      columns: [
        { name: "column", align: "left" },
        ...(columns === undefined ? [] : [{ name: "learnt as", align: "left" } as const]),
        { name: middle!, align: "right" },
        { name: spread!, align: "right" },
      ],
      rows: Array.from({ length: Math.min(dataset.dims, LISTED) }, (_, i) => {
        const { center, scale } = ofColumn(standardization, i);
        const own = columns?.[i];
        const hasOne = own?.kind !== "categorical";
        return [
          columnLabel(dataset.file?.columns[i]?.name, dataset.file?.columns[i]?.number ?? i + 1),
          ...(own === undefined ? [] : [kindLabel(own)]),
          hasOne ? number(center[0]!) : "",
          hasOne ? number(scale[0]!) : "",
        ];
      }),
    },
  ];
}

async function points(
  dataset: PointDataset,
  { config, columns }: RunContext["run"],
): Promise<Block> {
  const { train, test, dims } = dataset;
  const coordinates = coordinatesOf(config, columns);
  const labelled = train.labels !== null && dims === 2;
  const shown = Math.min(POINTS, train.count);
  const counts = `${grouped(train.count)} training points, ${grouped(test.count)} test points`;
  if (dims !== 2) {
    return await figure({
      draw: (size) =>
        pointsPlot(train.points.slice(0, shown * dims), {
          dims,
          label: "training points",
          ...coordinates,
          ...size,
        }),
      alt: `Training points of ${datasetLabel(dataset.name)}.`,
      caption: `${code(datasetLabel(dataset.name))}: ${counts}.`,
    });
  }
  const frame = { ...coordinates, bounds: boundsAround(train.points, 0.06) };
  return await figure({
    draw: (size) =>
      panelsPlot([
        cloudPanel("Training points", train, frame),
        cloudPanel("Test points", test, frame),
      ], size),
    alt: `Two scatter plots of ${datasetLabel(dataset.name)}: training points and test points` +
      (labelled ? ", one colour per class." : "."),
    caption: `${code(datasetLabel(dataset.name))}: ${counts}` +
      (shown < train.count ? `, of which the first ${grouped(shown)} are drawn` : "") + "." +
      (labelled ? " The colours are the classes; the model does not see them." : ""),
  });
}

/** A scatter plot of a table's first points, one colour per class. */
function cloudPanel(
  title: string,
  { points, count, labels }: PointTable,
  { bounds: { xMin, xMax, yMin, yMax }, names, categories, scales }: CoordinateOptions & {
    readonly bounds: Bounds;
  },
): Panel {
  const shown = Math.min(POINTS, count);
  const rows = Array.from({ length: shown }, (_, row) => row);
  const classes = labels === null ? [null] : [...new Set(labels)].sort((a, b) => a - b);
  const axis = (k: 0 | 1, range: readonly [number, number]) => ({
    label: names?.[k] ?? ["x₁", "x₂"][k]!,
    ...(categories?.[k] ? { categories: categories[k] } : { range }),
  });
  return {
    title,
    x: axis(0, [xMin, xMax]),
    y: axis(1, [yMin, yMax]),
    equalAspect: scales !== "own",
    series: classes.map((label) => {
      const own = label === null ? rows : rows.filter((row) => labels![row] === label);
      return {
        ...(label === null ? {} : { label: `class ${label}` }),
        color: label === null ? 0 : label % 10,
        mark: "dots",
        x: own.map((row) => points[2 * row]!),
        y: own.map((row) => points[2 * row + 1]!),
        width: 2.6,
        opacity: 0.6,
      };
    }),
  };
}

async function images(dataset: ImageDataset): Promise<Block> {
  const { name, train, test, height, width, channels } = dataset;
  const { columns } = IMAGES;
  const parts = (["train", "test"] as const).map((part) => {
    const rows = Math.min(IMAGES[part], Math.floor(dataset[part].count / columns));
    const indices = Array.from({ length: rows * columns }, (_, i) => i);
    const { labels } = dataset[part];
    return {
      rows: Array.from({ length: rows }, () => part),
      pixels: readImages(dataset, part, indices),
      labels: indices.map((index) => labels === null ? "" : String(labels[index])),
    };
  });
  const pixels = new Float32Array(parts.reduce((sum, part) => sum + part.pixels.length, 0));
  pixels.set(parts[0]!.pixels);
  pixels.set(parts[1]!.pixels, parts[0]!.pixels.length);
  const labels = parts.flatMap((part) => part.labels);
  const labelled = labels.some((label) => label !== "");
  return await figure({
    draw: (size) =>
      labelledGrid(pixels, {
        height,
        width,
        channels,
        columns,
        rowLabels: parts.flatMap((part) => part.rows),
        ...(labelled ? { labels } : {}),
        ...size,
      }),
    alt:
      `Images of ${
        datasetLabel(name)
      }: ${IMAGES.train} training rows and ${IMAGES.test} test rows` +
      (labelled ? ", each with its label." : "."),
    caption:
      `${code(datasetLabel(name))}: ${grouped(train.count)} images of ${height}×${width} pixels${
        channels === 1 ? "" : " in colour"
      } for ` +
      `training, ${grouped(test.count)} for testing; the first of each` +
      (labelled ? ", with their labels, which the model does not see." : "."),
  });
}
