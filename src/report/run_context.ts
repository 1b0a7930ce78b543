import { accurateSolve, type SolveSettings } from "../flows/model.ts";
import { compactPng } from "../plot/encoding/compact_png.ts";
import type { PngText } from "../plot/encoding/png.ts";
import { commandLine } from "../core/command_line.ts";
import type { Block, Figure, Picture } from "./pages/document.ts";
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

/** Command line `fluxion NAME RUN ARGS`, with the report's seed unless it is the default. */
export function runCommand(
  { run, seed }: RunContext,
  name: string,
  args: readonly string[] = [],
): string {
  return commandLine([
    name,
    run.name,
    ...args,
    ...(run.choice === undefined ? [] : ["--weights", run.choice]),
    ...(seed === 0 ? [] : ["--seed", String(seed)]),
  ]);
}

/** Inputs of {@link figure}. */
export interface FigureParts {
  /** Draws the picture as a PNG file with `text` as metadata. */
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
  /** Largest width in pixels; unlimited by default. */
  readonly maxWidth?: number;
}

/** Draws a picture, compresses it, and wraps it as a figure. */
export async function figure(parts: FigureParts): Promise<Figure> {
  const { alt, caption, command, look, density } = parts;
  const bytes = compactPng(await parts.draw({ Command: command }), { maxWidth: parts.maxWidth });
  const picture: Picture = { bytes, format: "png", alt, look, density };
  return { kind: "figure", picture, caption, command };
}

/** Wraps an animation as a figure with one image pixel per CSS pixel. */
export function animated(
  bytes: Uint8Array,
  parts: Pick<FigureParts, "alt" | "caption" | "command" | "look">,
): Figure {
  const { alt, caption, command, look } = parts;
  const picture: Picture = { bytes, format: "gif", alt, look, density: 1 };
  return { kind: "figure", picture, caption, command };
}

/** A two-column table of names and measured values. */
export function figuresTable(rows: readonly (readonly [name: string, value: string])[]): Block {
  return {
    kind: "table",
    columns: [{ name: "", align: "left" }, { name: "", align: "right" }],
    rows,
  };
}
