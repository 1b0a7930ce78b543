import * as v from "valibot";
import type { BackendKind } from "../../backends/backend.ts";
import { MOST_JSON_BYTES, readBoundedText } from "../../core/files/bounded_file.ts";
import { parseJson } from "../../core/files/bounded_json.ts";
import type { TrainConfig } from "../options/table.ts";
import { runFile } from "./run_folder.ts";
import type { TrainingLog } from "./training_log.ts";

/** What `metrics.json` says of a run, over all of its sessions. */
export interface RunMetrics {
  /** `cnf` or `fm`. */
  readonly model: TrainConfig["model"];
  /** The data set's name in the config. */
  readonly data: string;
  /** null where nothing was computed: the weights were imported. */
  readonly backend: BackendKind | null;
  /** Of everything random. */
  readonly seed: number;
  /** Training steps done. */
  readonly steps: number;
  /** Mean training loss of the last (at most 100) steps; null before the first. */
  readonly loss: number | null;
  /** Of the last evaluation; null before the first. */
  readonly testLoss: number | null;
  /**
   * Median milliseconds of a training step, the run's first three left out (unless
   * there are no others); evaluations and pictures are not counted. Null before the first.
   */
  readonly stepMs: number | null;
  /** Mean field evaluations of a step's forward solve; null for flow matching. */
  readonly nfe: number | null;
  /** Threads that compute. */
  readonly threads: number;
  /** Wall-clock time of training, with the evaluations, samples and pictures made meanwhile. */
  readonly seconds: number;
  /**
   * Largest resident set of a process that trained the run, whatever else it did before; null
   * where the system does not tell.
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
  loss: v.nullable(figure),
  testLoss: v.nullable(figure),
  stepMs: v.nullable(figure),
  nfe: v.nullable(figure),
  threads: count,
  seconds: v.pipe(figure, v.minValue(0)),
  peakMemoryBytes: v.nullable(figure),
});

/**
 * The figures of a `metrics.json`.
 *
 * @throws {Error} If the text is no JSON, or a figure is missing or of another type.
 */
export function parseMetrics(text: string): RunMetrics {
  return v.parse(schema, parseJson(text));
}

/** A run's `metrics.json`; null where there is none, or it is not whole. */
export async function readMetrics(run: string): Promise<RunMetrics | null> {
  try {
    return parseMetrics(await readBoundedText(runFile(run, "metrics"), MOST_JSON_BYTES));
  } catch {
    return null;
  }
}

const WARM_UP_STEPS = 3;
const LOSS_STEPS = 100;

/** The part of {@link RunMetrics} that follows from a log. */
export function logMetrics(
  { steps, evaluations }: TrainingLog,
): Pick<RunMetrics, "loss" | "testLoss" | "stepMs" | "nfe"> {
  const timed = steps.length > WARM_UP_STEPS ? steps.slice(WARM_UP_STEPS) : steps;
  const evaluated = steps.map(({ nfe }) => nfe).filter((nfe) => nfe !== null);
  return {
    loss: mean(steps.slice(-LOSS_STEPS).map(({ loss }) => loss)),
    testLoss: evaluations.at(-1)?.testLoss ?? null,
    stepMs: median(timed.map(({ stepMs }) => stepMs)),
    nfe: mean(evaluated),
  };
}

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[upper]! : (sorted[upper - 1]! + sorted[upper]!) / 2;
}
