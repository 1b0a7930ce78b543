import type { PointDataset } from "../../data/dataset.ts";
import { dataTime, priorTime } from "../../flows/model.ts";
import { sample } from "../../flows/sample.ts";
import type { PointValues } from "../../flows/standardization.ts";
import { animation } from "../../plot/encoding/animation.ts";
import { cloudFrames } from "../../plot/encoding/frames.ts";
import { pointsPlot } from "../../plot/points_plot.ts";
import { scatterPlot } from "../../plot/scatter_plot.ts";
import { snapshotsPlot, trajectoryPlot } from "../../plot/trajectory_plot.ts";
import type { Block } from "../pages/document.ts";
import { type PlannedSection, prose, subsection } from "../plan.ts";
import {
  accurateSolveOf,
  animated,
  figure,
  isPlane,
  runCommand,
  type RunContext,
} from "../run_context.ts";
import { evenTimes, PICTURED, WAYS } from "../pictures/run_pictures.ts";
import { grouped } from "../pages/words.ts";

/** Points of the animation: more would hide each other, and make its file large. */
const ANIMATED = 400;

/** A run's samples with the ways that they came. */
export interface DrawnWays {
  /** From the prior's time to the data's. */
  readonly times: readonly number[];
  /** [times][n * w], the noise first. */
  readonly states: readonly PointValues[];
}

/** Draws the samples of a run of points once; later calls give the same. */
export function drawnOnce(context: RunContext): () => Promise<DrawnWays> {
  let drawn: Promise<DrawnWays> | null = null;
  const draw = async (): Promise<DrawnWays> => {
    const { model, engines } = await context.open();
    const times = evenTimes(priorTime(model.kind), dataTime(model.kind), WAYS.points.times);
    const { states } = await sample(model, engines, {
      count: PICTURED.points,
      seed: context.seed,
      settings: accurateSolveOf(context.run),
      times,
    });
    return { times, states };
  };
  return () => drawn ??= draw();
}

/** What a model of points draws, and how noise becomes it. */
export function planPointSamples(
  context: RunContext,
  dataset: PointDataset,
  ways: () => Promise<DrawnWays>,
): PlannedSection {
  if (!isPlane(context.run)) {
    return subsection(context.id, "Samples", [{
      words: "samples",
      make: async () => [await cloud(context, dataset.dims, await ways())],
    }]);
  }
  return subsection(context.id, "Samples", [
    { words: "samples", make: async () => [await beside(context, dataset, await ways())] },
    { words: "noise becomes data", make: async () => [await course(context, await ways())] },
    { words: "the cloud along t", make: async () => await along(context, await ways()) },
    { words: "trajectories", make: async () => [await lines(context, await ways())] },
  ]);
}

async function cloud(context: RunContext, dims: number, { states }: DrawnWays): Promise<Block> {
  return await figure({
    draw: (text) => pointsPlot(states.at(-1)!, { dims, label: "samples", text }),
    alt: "Samples of the model.",
    caption: `${grouped(PICTURED.points)} samples.` +
      (dims > 4 ? ` The first four of ${dims} coordinates.` : ""),
    command: runCommand(context, "plot"),
    look: "chart",
  });
}

async function beside(
  context: RunContext,
  { test }: PointDataset,
  { states }: DrawnWays,
): Promise<Block> {
  const count = Math.min(PICTURED.points, test.count);
  return await figure({
    draw: (text) =>
      scatterPlot(states.at(-1)!, {
        label: "samples",
        reference: {
          points: test.points.subarray(0, 2 * count),
          label: "test points",
          place: "beside",
        },
        text,
      }),
    alt: "Two scatter plots on equal axes: samples of the model, and test points.",
    caption: `${grouped(PICTURED.points)} samples of the model, and ${
      grouped(count)
    } test points on the same axes.`,
    command: runCommand(context, "report", ["--out", "report.html"]),
    look: "chart",
  });
}

async function course(context: RunContext, { states, times }: DrawnWays): Promise<Block> {
  // Every second time: twenty frames are smooth enough, and half of the bytes.
  const chosen = times.map((_, i) => i).filter((i) => i % 2 === 0);
  const frames = await cloudFrames({
    states: chosen.map((i) => states[i]!.subarray(0, 2 * ANIMATED)),
    times: chosen.map((i) => times[i]!),
  });
  return animated(animation(frames, { delayMs: 120, lastMs: 2500, colors: 8 }), {
    alt: `Animation: points of a normal distribution flow into the shape of the data.`,
    caption: `${ANIMATED} samples on their way from noise, $t = ${times[0]}$, to data, ` +
      `$t = ${times.at(-1)}$.`,
    command: runCommand(context, "report", ["--out", "report.html"]),
    look: "chart",
  });
}

async function along(context: RunContext, { states, times }: DrawnWays): Promise<Block[]> {
  // Five times of those that are there, both ends among them.
  const chosen = [0, 1, 2, 3, 4].map((i) => i * (times.length - 1) / 4);
  return [
    prose("The same, held at five times, and the ways that a hundred of the points took:"),
    await figure({
      draw: (text) =>
        snapshotsPlot({
          states: chosen.map((i) => states[i]!),
          times: chosen.map((i) => times[i]!),
        }, { text }),
      alt: "Five scatter plots, from a normal distribution to the samples.",
      caption: `The cloud of ${grouped(PICTURED.points)} points along $t$.`,
      command: runCommand(context, "plot"),
      look: "chart",
    }),
  ];
}

async function lines(context: RunContext, { states, times }: DrawnWays): Promise<Block> {
  const { samples } = WAYS.points;
  const isFm = context.run.config.model === "fm";
  return await figure({
    draw: (text) =>
      trajectoryPlot({ states: states.map((state) => state.subarray(0, 2 * samples)), times }, {
        text,
      }),
    alt: `Trajectories of ${samples} points from noise to data, coloured by time.`,
    caption: `Trajectories of ${samples} samples. ` +
      (isFm
        ? "Flow matching learns the mean of straight ways, so they bend where those cross: " +
          "trajectories of an ODE cannot."
        : "Nothing asks a CNF for straight ways: its likelihood depends on where they end alone."),
    command: runCommand(context, "plot"),
    look: "chart",
  });
}
