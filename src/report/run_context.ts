import { accurateSolve, type SolveSettings } from "../flows/model.ts";
import type { PictureOptions } from "../plot/picture.ts";
import { commandLine } from "../core/command_line.ts";
import type { Block, Chart, Figure, Raster } from "./pages/document.ts";
import type { OpenModel } from "./run_model_cache.ts";
import type { Omissible } from "./pages/parts.ts";
import type { ReportedRun } from "./reported_run.ts";

/** Shared state of the sections of one run. */
export interface RunContext {
  /** Id of the run's section and prefix of its subsections' ids. */
  readonly id: string;
  /** The run. */
  readonly run: ReportedRun;
  /** Seed of everything that is sampled for the report. */
  readonly seed: number;
  /** As `RunPart.without`. */
  readonly without: readonly Omissible[];
  /** The run's model, opened on first use. */
  open(): Promise<OpenModel>;
}

/** The accurate solve with the run's control groups. */
export function accurateSolveOf({ config }: ReportedRun): SolveSettings {
  const { controlGroup, maxSteps } = config;
  return { ...accurateSolve, controlGroup, maxSteps: Math.max(maxSteps, accurateSolve.maxSteps) };
}

/** Command line `fluxion NAME RUN ARGS`, with the report's seed and weights if they were chosen. */
export function runCommand(
  { run, seed }: RunContext,
  name: string,
  args: readonly string[] = [],
): string {
  return commandLine([
    name,
    run.name,
    ...args,
    ...weightsArguments(run),
    ...(seed === 0 ? [] : ["--seed", String(seed)]),
  ]);
}

/** Arguments that choose the weights which the report shows. */
export function weightsArguments({ choice }: ReportedRun): readonly string[] {
  return choice === undefined ? [] : ["--weights", choice];
}

/** Widths of charts in CSS pixels: of a page's column, and of a phone's page. */
const WIDTHS = [688, 358] as const;

/** Format and size of a chart, for the functions of `src/plot`. */
export type ChartSize = Required<Pick<PictureOptions, "format" | "totalWidth">>;

/** Inputs of {@link figure} but the caption. */
interface ChartParts {
  /** Draws the picture; called once per width. */
  draw(size: ChartSize): Promise<Uint8Array>;
  /** As {@link Chart.alt}. */
  readonly alt: string;
}

/** Draws a chart for a page's column and for a phone. */
async function chart({ draw, alt }: ChartParts): Promise<Chart> {
  const [bytes, narrow] = await Promise.all(
    WIDTHS.map((totalWidth) => draw({ format: "svg", totalWidth })),
  );
  return { format: "svg", bytes: bytes!, narrow: narrow!, alt };
}

/** Draws a chart and wraps it as a figure. */
export async function figure(
  parts: ChartParts & Pick<Figure, "caption"> & Partial<Pick<Figure, "command">>,
): Promise<Figure> {
  const { caption, command = null } = parts;
  return { kind: "figure", picture: await chart(parts), caption, command };
}

/** Wraps an animation as a figure with one image pixel per CSS pixel. */
export function animated(
  bytes: Uint8Array,
  { caption, ...parts }: Pick<Raster, "alt" | "look"> & Pick<Figure, "caption">,
): Figure {
  const picture: Raster = { bytes, format: "gif", density: 1, ...parts };
  return { kind: "figure", picture, caption, command: null };
}

/** A two-column table of names and measured values. */
export function figuresTable(
  rows: readonly (readonly [name: string, value: string])[],
): Block {
  return {
    kind: "table",
    columns: [{ name: "", align: "left" }, { name: "", align: "right" }],
    rows,
  };
}
