import { throwIfStopped } from "../core/stop.ts";
import type { ReportDocument, Section } from "./pages/document.ts";
import { colophon } from "./pages/colophon.ts";
import { RunModelCache } from "./run_model_cache.ts";
import type { ReportPart } from "./pages/parts.ts";
import { countPieces, makeSection, type PlannedSection, prose, slug } from "./plan.ts";
import { planRun } from "./sections/run_section.ts";
import type { ReportOptions } from "./report_options.ts";
import type { SectionContext } from "./section_context.ts";
import { planTheorem } from "./sections/theorem_section.ts";

/**
 * Computes a report: the evaluations, tables and pictures of its parts, in order.
 *
 * The same parts, seed and backend produce the same pictures. Writes no files.
 *
 * @throws {InputError} If a backend is not available.
 * @throws {FailureError} If a solve cannot go on.
 */
export async function reportDocument(
  parts: readonly ReportPart[],
  options: ReportOptions,
): Promise<ReportDocument> {
  const { title, subtitle, introduction, signal, onProgress } = options;
  using models = new RunModelCache(options.backend, {
    threads: options.threads,
    portableBits: options.portableBits,
  });
  const context = { seed: options.seed, models, id: idMaker() };
  const plans = parts.map((part) => planPart(part, context));
  const total = plans.reduce((sum, plan) => sum + countPieces(plan), 0);
  let done = 0;
  const sections: Section[] = [];
  for (const plan of plans) {
    const made = await makeSection(plan, ({ label }) => {
      signal?.throwIfAborted();
      throwIfStopped();
      onProgress?.({ done: done++, total, label });
    });
    sections.push(made);
  }
  sections.push(colophon(options));
  return { title, subtitle, blocks: introduction === "" ? [] : [prose(introduction)], sections };
}

function planPart(part: ReportPart, context: SectionContext): PlannedSection {
  switch (part.kind) {
    case "chapter":
      return {
        id: context.id(slug(part.title)),
        title: part.title,
        pieces: [{ label: part.title, make: () => Promise.resolve([prose(part.markdown)]) }],
        sections: part.parts.map((inner) => planPart(inner, context)),
        outcome: () => null,
      };
    case "theorem":
      return planTheorem(part, context);
    case "run":
      return planRun(part, context);
    default:
      return part satisfies never;
  }
}

/** Makes ids unique by appending a number to repeated ones. */
function idMaker(): (wanted: string) => string {
  const made = new Set<string>();
  return (wanted) => {
    let id = wanted;
    for (let number = 2; made.has(id); number++) id = `${wanted}-${number}`;
    made.add(id);
    return id;
  };
}
