import { evenly } from "../../core/numbers/evenly.ts";
import type { ImageDataset } from "../../data/dataset.ts";
import { fmLoss } from "../../flows/losses/fm_loss.ts";
import { median } from "../../metrics/statistics.ts";
import { nearestRows } from "../../metrics/nearest_rows.ts";
import { animation } from "../../plot/encoding/animation.ts";
import { imageFrames } from "../../plot/encoding/frames.ts";
import { labelledGrid } from "../../plot/labelled_grid.ts";
import { panelsPlot } from "../../plot/panels_plot.ts";
import { readImages } from "../../train/batches.ts";
import type { Block } from "../pages/document.ts";
import { foldedSubsection, prose, subsection } from "../plan.ts";
import {
  accurateSolveOf,
  animated,
  figure,
  figuresTable,
  runCommand,
  type RunContext,
} from "../run_context.ts";
import { PICTURED, TRAJECTORIES } from "../pictures/run_pictures.ts";
import { drawnOnce, type SampledTrajectories } from "../sampled_trajectories.ts";
import type { SectionPlans } from "./section_plans.ts";
import { solverPanel } from "./solver_chart.ts";
import { BUDGETS, studiedSolvers, studySolvers } from "./solver_study.ts";
import { grouped, withError } from "../pages/format.ts";

/** Times of the trajectories, a superset of those in the picture's grid. */
const TIMES = 17;

/** Number of images in the animation, a square. */
const ANIMATED = 25;

/** Samples of the solver study, in one control group; it takes a thousand network evaluations. */
const STUDY = 4;

/** Samples shown with their nearest training images, and the number of those per sample. */
const COMPARED = 8, NEAREST = 3;

/** Test images whose nearest training images give the reference distance. */
const USUAL = 64;

/** Test images for the loss. */
const LOSS_ROWS = 1000;

/** Plans the sample grid, trajectories, solver study and memorisation check. */
export function planFmImages(context: RunContext, dataset: ImageDataset): SectionPlans {
  let loss: { readonly loss: number; readonly lossStdErr: number } | null = null;
  const trajectories = drawnOnce(context, { count: PICTURED.images, times: TIMES });
  const samples = subsection(context.id, "Samples", [{
    label: "samples",
    weight: 55,
    make: async () => [await grid(context, dataset, await trajectories())],
  }]);
  const course = foldedSubsection(context.id, "From noise to image", [{
    label: "from noise to image",
    make: async () => await paths(context, dataset, await trajectories()),
  }]);
  const study = foldedSubsection(context.id, "Samples against field evaluations", [{
    label: "euler, midpoint, rk4 and dopri5",
    weight: 35,
    make: async () => await studyBlocks(context, dataset),
  }]);
  const memory = foldedSubsection(context.id, "Is it memorising?", [{
    label: "nearest training images",
    weight: 5,
    make: async () => await memoryBlocks(context, dataset, await trajectories()),
  }]);
  const { without } = context;
  return {
    figures: {
      label: "test loss",
      weight: 4,
      make: async () => {
        loss = await testLoss(context, dataset);
        return [figuresTable([[
          `Test loss, ${grouped(Math.min(LOSS_ROWS, dataset.test.count))} images`,
          withError(loss.loss, loss.lossStdErr),
        ]])];
      },
    },
    shown: [samples],
    folded: [
      course,
      ...(without.includes("solvers") ? [] : [study]),
      ...(without.includes("memory") ? [] : [memory]),
    ],
    outcome: () => loss === null ? null : `test loss ${withError(loss.loss, loss.lossStdErr)}`,
    keyFigures: () =>
      loss === null ? [] : [{
        name: "test loss",
        text: withError(loss.loss, loss.lossStdErr),
        lower: loss.loss,
      }],
  };
}

async function testLoss(context: RunContext, dataset: ImageDataset) {
  const { model } = await context.open();
  const count = Math.min(LOSS_ROWS, dataset.test.count);
  const rows = readImages(dataset, "test", Array.from({ length: count }, (_, i) => i));
  return await fmLoss(model, rows, { seed: context.run.config.seed });
}

async function grid(
  context: RunContext,
  { height, width, channels }: ImageDataset,
  { states }: SampledTrajectories,
): Promise<Block> {
  return await figure({
    draw: (size) =>
      labelledGrid(Float32Array.from(states.at(-1)!), {
        height,
        width,
        channels,
        columns: 8,
        ...size,
      }),
    alt: `${PICTURED.images} samples of the model in a grid.`,
    caption: `${PICTURED.images} uncurated samples.`,
    command: runCommand(context, "plot"),
  });
}

async function paths(
  context: RunContext,
  { height, width, channels }: ImageDataset,
  { states, times }: SampledTrajectories,
): Promise<Block[]> {
  const size = height * width * channels;
  const frames = imageFrames(
    { states: states.map((state) => state.subarray(0, ANIMATED * size)) },
    // Small images as large as those of 28 pixels at twice their size.
    { height, width, channels, scale: Math.max(2, Math.floor(60 / Math.max(height, width))) },
  );
  const { samples, times: columns } = TRAJECTORIES.images;
  const chosen = evenly(0, times.length - 1, columns);
  // Row by row: the course of one sample.
  const grid = new Float32Array(samples * columns * size);
  chosen.forEach((time, column) => {
    for (let row = 0; row < samples; row++) {
      const image = states[time]!.subarray(row * size, (row + 1) * size);
      grid.set(image, (row * columns + column) * size);
    }
  });
  return [
    animated(animation(frames, { delayMs: 130, lastMs: 2500, colors: channels === 1 ? 8 : 64 }), {
      alt: "Animation: images of noise become samples.",
      caption: `${ANIMATED} samples from noise, $t = 0$, to image, $t = 1$. Noise ` +
        "exceeds the range of the pixels, and is clipped to it.",
      look: "photo",
    }),
    await figure({
      draw: (picture) =>
        labelledGrid(grid, {
          height,
          width,
          channels,
          columns,
          columnLabels: chosen.map((i) => String(Math.round(1000 * times[i]!) / 1000)),
          ...picture,
        }),
      alt: `A grid: each row a sample, each column a time, from noise to image.`,
      caption: `From noise to image: ${samples} samples (rows) along $t$ (columns).`,
      command: runCommand(context, "plot"),
    }),
  ];
}

async function studyBlocks(
  context: RunContext,
  { height, width, channels }: ImageDataset,
): Promise<Block[]> {
  const { model, engines } = await context.open();
  const { studied } = await studySolvers(model, engines, {
    count: STUDY,
    seed: context.seed,
    solve: { ...accurateSolveOf(context.run), controlGroup: STUDY },
  });
  const size = STUDY * height * width * channels;
  const pixels = new Float32Array(studied.length * size);
  studied.forEach(({ samples }, i) => pixels.set(samples, i * size));
  return [
    prose(
      "Four solvers from the same noise. A fixed-step solver evaluates the network once per stage " +
        "and step; dopri5 chooses its steps by its tolerance.",
    ),
    await figure({
      draw: (picture) =>
        labelledGrid(pixels, {
          height,
          width,
          channels,
          columns: BUDGETS.length,
          perCell: STUDY,
          rowLabels: studiedSolvers,
          labels: studied.map(({ nfe }) => `${Math.round(nfe)} NFE`),
          ...picture,
        }),
      alt: "Samples in a grid: one row per solver, with more evaluations to the right.",
      caption: `${STUDY} samples by solver, with more field evaluations (NFE) from left to right.`,
    }),
    await figure({
      draw: (picture) =>
        panelsPlot([solverPanel(studied, {
          title: "Error of the solve",
          label: "RMS difference per pixel",
          of: ({ error }) => error,
        })], picture),
      alt: "Error of the samples against the number of field evaluations, one line per solver.",
      caption: "Accuracy against field evaluations: the difference to the samples of an " +
        "accurate solve (dopri5 at $10^{-6}$) of the same noise.",
    }),
  ];
}

async function memoryBlocks(
  context: RunContext,
  dataset: ImageDataset,
  { states }: SampledTrajectories,
): Promise<Block[]> {
  await context.open();
  const { height, width, channels, train, test } = dataset;
  const size = height * width * channels;
  const samples = states.at(-1)!;
  const usualCount = Math.min(USUAL, test.count);
  const usualRows = readImages(dataset, "test", Array.from({ length: usualCount }, (_, i) => i));
  const queries = new Float32Array(samples.length + usualRows.length);
  queries.set(samples);
  queries.set(usualRows, samples.length);
  const nearest = Math.min(NEAREST, train.count);
  const found = await nearestRows(queries, train, { width: size, nearest });
  const ofSamples = found.slice(0, samples.length / size).map((own) => own[0]!.distance);
  const ofTest = found.slice(samples.length / size).map((own) => own[0]!.distance);

  const columns = Math.min(COMPARED, ofSamples.length);
  const pixels = new Float32Array((1 + nearest) * columns * size);
  pixels.set(samples.subarray(0, columns * size));
  for (let rank = 0; rank < nearest; rank++) {
    const indices = found.slice(0, columns).map((own) => own[rank]!.index);
    pixels.set(readImages(dataset, "train", indices), (1 + rank) * columns * size);
  }
  const ranks = ["nearest", "second", "third"].slice(0, nearest);
  return [
    prose(
      "A model that only memorised its training images would reproduce them. Each sample is " +
        "therefore compared with all training images; the nearest ones, by Euclidean distance of " +
        "the pixels, are shown below it. Test images, which the model has not seen, give the " +
        "reference distance.",
    ),
    figuresTable([
      [
        `Distance of a sample to its nearest training image, median of ${ofSamples.length}`,
        (median(ofSamples) ?? NaN).toFixed(2),
      ],
      [`The same for a test image, median of ${ofTest.length}`, (median(ofTest) ?? NaN).toFixed(2)],
      ["Smallest distance of a sample", Math.min(...ofSamples).toFixed(2)],
      ["Smallest distance of a test image", Math.min(...ofTest).toFixed(2)],
    ]),
    await figure({
      draw: (picture) =>
        labelledGrid(pixels, {
          height,
          width,
          channels,
          columns,
          rowLabels: ["sample", ...ranks],
          labels: [
            ...Array.from({ length: columns }, () => ""),
            ...ranks.flatMap((_, rank) =>
              found.slice(0, columns).map((own) => own[rank]!.distance.toFixed(1))
            ),
          ],
          ...picture,
        }),
      alt: "A row of samples, and below each its nearest training images with their distances.",
      caption: `The first ${columns} samples, and below each the ${nearest} nearest of ` +
        `${grouped(train.count)} training images with their distances.`,
    }),
  ];
}
