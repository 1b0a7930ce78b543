import * as v from "valibot";
import type { BackendKind } from "../../backends/backend.ts";
import { MAX_JSON_BYTES } from "../../core/files/bounded_file.ts";
import { parseJson } from "../../core/files/bounded_json.ts";
import { readOwnText } from "../../core/files/own_file.ts";
import { median } from "../../metrics/statistics.ts";
import type { TrainConfig } from "../options/table.ts";
import { runFile } from "./run_folder.ts";
import type { EvaluationEntry, TrainingLog } from "./training_log.ts";

/** Contents of `metrics.json`, over all sessions of a run. */
export interface RunMetrics {
  /** `cnf` or `fm`. */
  readonly model: TrainConfig["model"];
  /** Name of the data set in the config. */
  readonly data: string;
  /** null if nothing was computed because the weights were imported. */
  readonly backend: BackendKind | null;
  /** Seed of all random numbers. */
  readonly seed: number;
  /** Training steps done. */
  readonly steps: number;
  /** Steps of the whole run; undefined in runs of earlier versions. */
  readonly totalSteps?: number | undefined;
  /** Mean training loss of the last 100 steps (or fewer); null before the first. */
  readonly loss: number | null;
  /**
   * Test loss of the weights that the run gives: of the last evaluation, or of the one with the best
   * validation; null before the first.
   */
  readonly testLoss: number | null;
  /** Number of rows that `testLoss` is over, the first test rows; null if the weights were imported. */
  readonly testRows: number | null;
  /** Number of validation rows; null if the run has none. This and the next three. */
  readonly validationRows: number | null;
  /** The lowest validation loss, that of the weights that the run gives. */
  readonly validationLoss: number | null;
  /** Training steps of these weights. */
  readonly bestStep: number | null;
  /** Whether training stopped because the validation loss no longer improved. */
  readonly stoppedEarly: boolean;
  /**
   * Median milliseconds per training step, without the run's first three (unless there are no
   * others) and without evaluations and pictures. null before the first.
   */
  readonly stepMs: number | null;
  /** Mean field evaluations per forward solve of a step; null for flow matching. */
  readonly nfe: number | null;
  /** Number of compute threads. */
  readonly threads: number;
  /** Wall-clock time in seconds from the start of each session to the end of its last picture. */
  readonly seconds: number;
  /**
   * Peak resident set size of a process that trained the run, whatever else it did before; null if
   * the system does not report it.
   */
  readonly peakMemoryBytes: number | null;
}

const figure = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const schema = v.object({
  model: v.picklist(["cnf", "fm"]),
  data: v.string(),
  backend: v.nullable(v.picklist(["cpu", "webgpu"])),
  seed: v.pipe(v.number(), v.safeInteger()),
  steps: count,
  totalSteps: v.optional(count),
  loss: v.nullable(figure),
  testLoss: v.nullable(figure),
  testRows: v.optional(v.nullable(count), null),
  validationRows: v.optional(v.nullable(count), null),
  validationLoss: v.optional(v.nullable(figure), null),
  bestStep: v.optional(v.nullable(count), null),
  stoppedEarly: v.optional(v.boolean(), false),
  stepMs: v.nullable(figure),
  nfe: v.nullable(figure),
  threads: count,
  seconds: v.pipe(figure, v.minValue(0)),
  peakMemoryBytes: v.nullable(figure),
});

/**
 * Parses a `metrics.json`.
 *
 * @throws {Error} If the text is not JSON, or a figure is missing or of the wrong type.
 */
export function parseMetrics(text: string): RunMetrics {
  return v.parse(schema, parseJson(text));
}

/** Reads a run's `metrics.json`; null if it is missing or damaged. */
export async function readMetrics(run: string): Promise<RunMetrics | null> {
  try {
    return parseMetrics(await readOwnText(runFile(run, "metrics"), MAX_JSON_BYTES));
  } catch {
    return null;
  }
}

const WARM_UP_STEPS = 3;
const LOSS_STEPS = 100;

/** The part of {@link RunMetrics} derived from a log. */
export function logMetrics(
  { steps, evaluations }: TrainingLog,
): Pick<RunMetrics, "loss" | "testLoss" | "validationLoss" | "bestStep" | "stepMs" | "nfe"> {
  const timed = steps.length > WARM_UP_STEPS ? steps.slice(WARM_UP_STEPS) : steps;
  const best = bestEvaluation(evaluations);
  const evaluated = steps.map(({ nfe }) => nfe).filter((nfe) => nfe !== null);
  return {
    loss: mean(steps.slice(-LOSS_STEPS).map(({ loss }) => loss)),
    testLoss: (best ?? evaluations.at(-1))?.testLoss ?? null,
    validationLoss: best?.validationLoss ?? null,
    bestStep: best?.step ?? null,
    stepMs: median(timed.map(({ stepMs }) => stepMs)),
    nfe: mean(evaluated),
  };
}

/** The first evaluation with the lowest validation loss; undefined if none has one. */
export function bestEvaluation(
  evaluations: readonly EvaluationEntry[],
): EvaluationEntry & { readonly validationLoss: number } | undefined {
  const validated = evaluations.filter((entry) =>
    entry.validationLoss !== undefined
  ) as (EvaluationEntry & { readonly validationLoss: number })[];
  return validated.reduce<typeof validated[0] | undefined>(
    (best, entry) => best && best.validationLoss <= entry.validationLoss ? best : entry,
    undefined,
  );
}

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
