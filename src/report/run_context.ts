import { isImageNetwork } from "../nn/network.ts";
import { accurateSolve, type FlowModel, type SolveSettings } from "../flows/model.ts";
import { compactPng } from "../plot/encoding/compact_png.ts";
import type { PngText } from "../plot/encoding/png.ts";
import { commandLine } from "../core/command_line.ts";
import type { Block, Figure, Picture } from "./pages/document.ts";
import type { OpenModel } from "./run_model_cache.ts";
import type { Omissible } from "./pages/parts.ts";
import type { ReportedRun } from "./reported_run.ts";

/** What the sections of one run share. */
export interface RunContext {
  /** Of the run's section; its subsections' begin with it. */
  readonly id: string;
  /** The run. */
  readonly run: ReportedRun;
  /** Of everything that is drawn for the report. */
  readonly seed: number;
  /** As `RunPart.without`. */
  readonly without: readonly Omissible[];
  /** The run's model, opened on first use. */
  open(): Promise<OpenModel>;
}

/** The accurate solve, in the run's own control groups. */
export function accurateSolveOf({ config }: ReportedRun): SolveSettings {
  const { controlGroup, maxSteps } = config;
  return { ...accurateSolve, controlGroup, maxSteps: Math.max(maxSteps, accurateSolve.maxSteps) };
}

/** Whether the model is one of points of the plane. */
export function isPlane({ network }: Pick<FlowModel, "network">): boolean {
  return !isImageNetwork(network) && network.rowWidth === 2;
}

/** A command on the run: `fluxion NAME RUN ARGS`, with the report's seed where it is not the default. */
export function runCommand(
  { run, seed }: RunContext,
  name: string,
  args: readonly string[] = [],
): string {
  return commandLine([
    name,
    run.name,
    ...args,
    ...(seed === 0 ? [] : ["--seed", String(seed)]),
  ]);
}

/** What {@link figure} is made of. */
export interface FigureParts {
  /** Draws the picture: a PNG file that carries `text`. */
  draw(text: PngText): Promise<Uint8Array> | Uint8Array;
  /** As {@link Picture.alt}. */
  readonly alt: string;
  /** As {@link Figure.caption}. */
  readonly caption: string;
  /** As {@link Figure.command}. */
  readonly command: string;
  /** As {@link Picture.look}. */
  readonly look: Picture["look"];
  /** As {@link Picture.density}. */
  readonly density?: number;
  /** Pixels a row, at most; as many as were drawn when left out. */
  readonly maxWidth?: number;
}

/** A drawn picture as a figure, in a small file. */
export async function figure(parts: FigureParts): Promise<Figure> {
  const { alt, caption, command, look, density } = parts;
  const bytes = compactPng(await parts.draw({ Command: command }), { maxWidth: parts.maxWidth });
  const picture: Picture = { bytes, format: "png", alt, look, density };
  return { kind: "figure", picture, caption, command };
}

/** An animation, of a pixel to one of the page, as a figure. */
export function animated(
  bytes: Uint8Array,
  parts: Pick<FigureParts, "alt" | "caption" | "command" | "look">,
): Figure {
  const { alt, caption, command, look } = parts;
  const picture: Picture = { bytes, format: "gif", alt, look, density: 1 };
  return { kind: "figure", picture, caption, command };
}

/** Measured numbers with their names: a table of two columns. */
export function figuresTable(rows: readonly (readonly [name: string, value: string])[]): Block {
  return {
    kind: "table",
    columns: [{ name: "", align: "left" }, { name: "", align: "right" }],
    rows,
  };
}
