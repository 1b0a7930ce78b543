import { throwIfStopped } from "../core/stop.ts";
import type { ReportDocument, Section } from "./pages/document.ts";
import { colophon } from "./pages/colophon.ts";
import { RunModelCache } from "./run_model_cache.ts";
import type { ReportPart, RunPart } from "./pages/parts.ts";
import { makeSection, type PlannedSection, prose, resultsOf, slug, workOf } from "./plan.ts";
import { withoutAdvice } from "../ode/solver/failure_message.ts";
import { plain } from "./pages/format.ts";
import { resultsSection } from "./results.ts";
import { type RunTitle, runTitles } from "./run_titles.ts";
import { comparisons } from "./sections/comparison_section.ts";
import { planGradients } from "./sections/gradients_section.ts";
import { planSelfTests } from "./sections/self_tests_section.ts";
import { planRun } from "./sections/run_section.ts";
import type { ReportOptions } from "./report_options.ts";
import type { SectionContext } from "./section_context.ts";
import { planTheorem } from "./sections/theorem_section.ts";

/**
 * Computes a report: the evaluations, tables and pictures of its parts, in order.
 *
 * The same parts, seed and backend produce the same pictures. Writes no files. Where a solve fails,
 * the report says so in the place of what it was for.
 *
 * @throws {InputError} If a backend is not available.
 */
export async function reportDocument(
  parts: readonly ReportPart[],
  options: ReportOptions,
): Promise<ReportDocument> {
  const { title, subtitle, introduction, signal, onProgress, onFailure } = options;
  using models = new RunModelCache(options.backend, {
    threads: options.threads,
    portableBits: options.portableBits,
  });
  const context = { seed: options.seed, models, id: idMaker() };
  // Made first, so that no part gets its id.
  context.id("results");
  const runs = parts.flatMap(runsOf);
  const titles = runTitles(runs.map(({ run }) => run));
  const titleOf = (part: RunPart): RunTitle => {
    const made = titles[runs.indexOf(part)]!;
    // A title of its own says what distinguishes the run.
    const { title } = part;
    return title === undefined ? made : { short: title, title, difference: title };
  };
  const isFolded = runs.length > MOST_IN_VIEW;
  const compared = runs.map((part) => ({ run: part.run, name: titleOf(part).difference }));
  const plans = parts.map((part) => planPart(part, { ...context, titleOf, isFolded }));
  const work = plans.map(workOf);
  const total = work.reduce((sum, { count }) => sum + count, 0);
  const whole = work.reduce((sum, { weight }) => sum + weight, 0);
  let done = 0, behind = 0;
  const sections: Section[] = [];
  for (const plan of plans) {
    const made = await makeSection(plan, {
      beforePiece: ({ label, weight = 1 }) => {
        signal?.throwIfAborted();
        throwIfStopped();
        onProgress?.({ done: done++, total, share: behind / whole, label });
        behind += weight;
      },
      onFailure: ({ label }, error) => {
        const reason = withoutAdvice(error.message);
        onFailure?.(label, reason);
        return [{ kind: "notice", markdown: failureText(label, reason) }];
      },
    });
    sections.push(made);
  }
  const results = resultsSection(plans.flatMap(resultsOf), await comparisons(compared));
  if (results !== null) sections.unshift(results);
  sections.push(await colophon(options));
  return { title, subtitle, blocks: introduction === "" ? [] : [prose(introduction)], sections };
}

/** Most runs whose sections are in view, which take some 2,500 pixels each. */
const MOST_IN_VIEW = 4;

function failureText(label: string, reason: string): string {
  const isSolve = reason.includes("the solve stopped");
  return `**Not computed: ${plain(label)}.** ${plain(reason)}.` +
    (isSolve
      ? " A coarser solve may succeed: `fluxion plot` and `fluxion sample` take `--rtol` and `--atol`."
      : "");
}

/** The runs among a part and its parts. */
function runsOf(part: ReportPart): readonly RunPart[] {
  if (part.kind === "chapter") return part.parts.flatMap(runsOf);
  return part.kind === "run" ? [part] : [];
}

/** What concerns all runs, besides the context of their sections. */
interface PartContext extends SectionContext {
  /** Whether the sections of runs are folded. */
  readonly isFolded: boolean;
  titleOf(part: RunPart): RunTitle;
}

function planPart(part: ReportPart, context: PartContext): PlannedSection {
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
      return {
        ...planRun({ ...context.titleOf(part), ...part }, context),
        folded: context.isFolded,
      };
    case "gradients":
      return planGradients(part, context);
    case "selfTests":
      return planSelfTests(part, context);
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
