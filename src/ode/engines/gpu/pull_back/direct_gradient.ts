import type { Tensor2D } from "../../../../core/tensors.ts";
import type { Gradient } from "../../engine.ts";
import type { PullBackTuning } from "./plan.ts";
import { requireWholePullBacks } from "./progress.ts";
import { recordPullBack } from "./record_pull_back.ts";
import type { Solved } from "../solved.ts";

/**
 * The direct gradient of a solve on the GPU. Returns when it is recorded: `nfe` waits for it.
 *
 * @param cotangent [rows, width], of y1.
 * @throws {TypeError} If the solve kept no records.
 * @throws {FailureError} If its buffers do not fit the device.
 */
export function pullBackDirect(
  solved: Solved,
  cotangent: Tensor2D,
  tuning: PullBackTuning = {},
): Gradient {
  const { gpu, problem, weights, probes, records, reports } = solved;
  if (records === null) {
    throw new TypeError('direct gradient: solve with keep: { kind: "records" }');
  }
  const { field: { dims, hidden, trace }, tableau } = problem;
  const [rows] = problem.y0.shape;
  const { shape: { groupRows, slopes: stages }, steps: chunkSteps, chunks } = records;
  const { y0, parameters } = recordPullBack(gpu, {
    shape: { dims, hidden, trace: trace?.kind ?? "none", rows, groupRows, stages, chunkSteps },
    tableau,
    weights,
    chunks,
    probes,
    cotangent,
  }, tuning);
  const pulled = reports.reduce(
    (sum, { accepted, rows: [first, end] }) => sum + accepted * stages * (end - first),
    0,
  );
  return {
    y0,
    parameters,
    nfe: async () => {
      await requireWholePullBacks(gpu);
      return pulled / rows;
    },
  };
}
