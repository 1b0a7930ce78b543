import type { BackendKind } from "../runtime/backend.ts";
import { throwIfStopped } from "../runtime/stop.ts";
import type { ReportDocument, Section } from "./document.ts";
import { colophon } from "./colophon.ts";
import { ModelOnLoan } from "./model_on_loan.ts";
import type { ReportPart } from "./parts.ts";
import { countPieces, makeSection, type PlannedSection, prose, slug } from "./plan.ts";
import { planRun } from "./run_section.ts";
import { planTheorem } from "./theorem_section.ts";

/** How far a report is. */
export interface ReportProgress {
  /** Pieces that are there. */
  readonly done: number;
  /** Pieces in all. */
  readonly total: number;
  /** What is being made, in a few words. */
  readonly words: string;
}

/** What a report says first, and how it is computed. */
export interface ReportOptions {
  /** Of the page; plain text. */
  readonly title: string;
  /** One line under it; plain text. */
  readonly subtitle: string;
  /** Before the first part; Markdown with LaTeX between $ and $, "" for none. */
  readonly introduction: string;
  /** How the report is made again: a command line. */
  readonly command: string;
  /** Of the program that makes it, such as `0.1.0`. */
  readonly version: string;
  /** Of everything that is drawn for the report. */
  readonly seed: number;
  /** Where models compute; `auto` decides for each run. */
  readonly backend: "auto" | BackendKind;
  /** Of the CPU backend; as many as the machine has cores if left out. */
  readonly threads?: number;
  /** The same bits on every machine, on the CPU. */
  readonly portableBits?: boolean;
  /** Called whenever another piece is begun. */
  readonly onProgress?: (progress: ReportProgress) => void;
  /** Aborted: its reason is thrown before the next piece. */
  readonly signal?: AbortSignal;
}

/** What the sections of a report share. */
export interface Desk extends Pick<ReportOptions, "seed"> {
  /** The models of the report's runs, one at a time. */
  readonly models: ModelOnLoan;
  /** Makes an id that no other section has. */
  id(wanted: string): string;
}

/**
 * Computes a report: evaluations, tables and pictures of its parts, in their order.
 *
 * The same parts, seed and backend give the same pictures; nothing is written.
 *
 * @throws {InputError} If a backend is not there.
 * @throws {FailureError} If a solve cannot go on.
 */
export async function reportDocument(
  parts: readonly ReportPart[],
  options: ReportOptions,
): Promise<ReportDocument> {
  const { title, subtitle, introduction, signal, onProgress } = options;
  using models = new ModelOnLoan(options.backend, {
    threads: options.threads,
    portableBits: options.portableBits,
  });
  const desk = { seed: options.seed, models, id: idMaker() };
  const plans = parts.map((part) => planPart(part, desk));
  const total = plans.reduce((sum, plan) => sum + countPieces(plan), 0);
  let done = 0;
  const sections: Section[] = [];
  for (const plan of plans) {
    const made = await makeSection(plan, ({ words }) => {
      signal?.throwIfAborted();
      throwIfStopped();
      onProgress?.({ done: done++, total, words });
    });
    sections.push(made);
  }
  sections.push(colophon(options));
  return { title, subtitle, blocks: introduction === "" ? [] : [prose(introduction)], sections };
}

function planPart(part: ReportPart, desk: Desk): PlannedSection {
  switch (part.kind) {
    case "chapter":
      return {
        id: desk.id(slug(part.title)),
        title: part.title,
        pieces: [{ words: part.title, make: () => Promise.resolve([prose(part.markdown)]) }],
        sections: part.parts.map((inner) => planPart(inner, desk)),
        outcome: () => null,
      };
    case "theorem":
      return planTheorem(part, desk);
    case "run":
      return planRun(part, desk);
    default:
      return part satisfies never;
  }
}

/** Adds a number to an id that was made before. */
function idMaker(): (wanted: string) => string {
  const made = new Set<string>();
  return (wanted) => {
    let id = wanted;
    for (let number = 2; made.has(id); number++) id = `${wanted}-${number}`;
    made.add(id);
    return id;
  };
}
