import type { PointDataset } from "../../data/dataset.ts";
import { isPlane } from "../../flows/standardization.ts";
import { animation } from "../../plot/encoding/animation.ts";
import { cloudFrames } from "../../plot/encoding/frames.ts";
import { pointsPlot } from "../../plot/points_plot.ts";
import { scatterPlot } from "../../plot/scatter_plot.ts";
import { snapshotsPlot, trajectoryPlot } from "../../plot/trajectory_plot.ts";
import type { CoordinateOptions } from "../../plot/picture.ts";
import type { Block } from "../pages/document.ts";
import { foldedSubsection, type PlannedSection, subsection } from "../plan.ts";
import { drawnOnce, type SampledTrajectories } from "../sampled_trajectories.ts";
import { animated, figure, runCommand, type RunContext } from "../run_context.ts";
import { coordinatesOf } from "../pictures/captions.ts";
import { PICTURED, TRAJECTORIES } from "../pictures/run_pictures.ts";
import { grouped } from "../pages/format.ts";

/** Points in the animation; more would overlap and make the file large. */
const ANIMATED = 400;

/** Trajectories of a model of points for all pictures, drawn on the first call. */
export function pointTrajectories(context: RunContext): () => Promise<SampledTrajectories> {
  return drawnOnce(context, { count: PICTURED.points, times: TRAJECTORIES.points.times });
}

/** Plans the samples of a model of points, beside its test points in the plane. */
export function planPointSamples(
  context: RunContext,
  dataset: PointDataset,
  trajectories: () => Promise<SampledTrajectories>,
): PlannedSection {
  return subsection(context.id, "Samples", [{
    label: "samples",
    make: async () => [
      isPlane(context.run)
        ? await beside(context, dataset, await trajectories())
        : await cloud(context, dataset, await trajectories()),
    ],
  }]);
}

/** Plans the course of the samples from noise to data; none unless points lie in the plane. */
export function planNoiseToData(
  context: RunContext,
  trajectories: () => Promise<SampledTrajectories>,
): readonly PlannedSection[] {
  if (!isPlane(context.run)) return [];
  return [foldedSubsection(context.id, "From noise to data", [
    { label: "the cloud along t", make: async () => await along(context, await trajectories()) },
    { label: "trajectories", make: async () => [await lines(context, await trajectories())] },
    {
      label: "noise becomes data",
      weight: 15,
      make: async () => [await course(context, await trajectories())],
    },
  ])];
}

/** Names and scales of the axes. */
function coordinates({ run }: RunContext): CoordinateOptions {
  return coordinatesOf(run.config, run.columns);
}

async function cloud(
  context: RunContext,
  { dims, test }: PointDataset,
  { states }: SampledTrajectories,
): Promise<Block> {
  const points = test.points.subarray(0, PICTURED.points * dims);
  return await figure({
    draw: (size) =>
      pointsPlot(states.at(-1)!, {
        dims,
        label: "samples",
        ...(points.length === 0 ? {} : { reference: { points, label: "test points" } }),
        ...coordinates(context),
        ...size,
      }),
    alt: "Samples of the model and test points on the same axes.",
    caption: `${grouped(PICTURED.points)} samples and ${
      grouped(points.length / dims)
    } test points.`,
    command: runCommand(context, "plot"),
  });
}

async function beside(
  context: RunContext,
  { test }: PointDataset,
  { states }: SampledTrajectories,
): Promise<Block> {
  const count = Math.min(PICTURED.points, test.count);
  return await figure({
    draw: (size) =>
      scatterPlot(states.at(-1)!, {
        label: "samples",
        reference: {
          points: test.points.subarray(0, 2 * count),
          label: "test points",
          place: "beside",
        },
        ...coordinates(context),
        ...size,
      }),
    alt: "Two scatter plots on equal axes: samples of the model, and test points.",
    caption: `${grouped(PICTURED.points)} samples of the model, and ${
      grouped(count)
    } test points on the same axes.`,
    command: runCommand(context, "plot"),
  });
}

async function course(
  context: RunContext,
  { states, times }: SampledTrajectories,
): Promise<Block> {
  // Every second time: twenty frames are smooth enough at half the size.
  const chosen = times.map((_, i) => i).filter((i) => i % 2 === 0);
  const frames = await cloudFrames({
    states: chosen.map((i) => states[i]!.subarray(0, 2 * ANIMATED)),
    times: chosen.map((i) => times[i]!),
  }, coordinates(context));
  // Dots, and the greys of grid lines and letters.
  return animated(animation(frames, { delayMs: 120, lastMs: 2500, colors: 16 }), {
    alt: `Animation: points of a normal distribution flow into the shape of the data.`,
    look: "chart",
    caption: `${ANIMATED} samples from noise, $t = ${times[0]}$, to data, ` +
      `$t = ${times.at(-1)}$.`,
  });
}

async function along(
  context: RunContext,
  { states, times }: SampledTrajectories,
): Promise<Block[]> {
  // Five of the available times, both ends included.
  const chosen = [0, 1, 2, 3, 4].map((i) => i * (times.length - 1) / 4);
  return [
    await figure({
      draw: (size) =>
        snapshotsPlot({
          states: chosen.map((i) => states[i]!),
          times: chosen.map((i) => times[i]!),
        }, { ...coordinates(context), ...size }),
      alt: "Five scatter plots, from a normal distribution to the samples.",
      caption: `The cloud of ${grouped(PICTURED.points)} points along $t$.`,
      command: runCommand(context, "plot"),
    }),
  ];
}

async function lines(context: RunContext, { states, times }: SampledTrajectories): Promise<Block> {
  const { samples } = TRAJECTORIES.points;
  const isFm = context.run.config.model === "fm";
  return await figure({
    draw: (size) =>
      trajectoryPlot({ states: states.map((state) => state.subarray(0, 2 * samples)), times }, {
        ...coordinates(context),
        ...size,
      }),
    alt: `Trajectories of ${samples} points from noise to data, coloured by time.`,
    caption: `Trajectories of ${samples} samples. ` +
      (isFm
        ? "Flow matching learns the mean velocity of straight paths. Where these cross, the " +
          "trajectories bend: those of an ODE cannot cross."
        : "A CNF has no reason to keep them straight: its likelihood depends on their ends alone."),
    command: runCommand(context, "plot"),
  });
}
