import { DeviceError, FailureError, OutOfMemoryError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { namedNetworks } from "../../nn/named_networks.ts";
import type { TrainConfig } from "../options/table.ts";
import type { Checkpoint } from "../run/checkpoint.ts";

/** First remedy if training diverges after its first step; the usual cause is the learning rate. */
export function lowerRate({ lr }: Pick<TrainConfig, "lr">): string {
  return `try a ${option("lr")} below ${lr} first, as the weights may have diverged`;
}

/** Options that reduce the memory of a step. */
function smallerOptions({ net }: TrainConfig): string[] {
  const width = net && namedNetworks[net].options[0];
  return ["batchSize", ...(width === undefined ? [] : [width])].map((name) => option(name));
}

/** Adds the step's number and a remedy to a failure of `step`, with `done` steps completed before. */
export function atStep(
  error: unknown,
  { step, done, config }: {
    readonly step: number;
    readonly done: number;
    readonly config: TrainConfig;
  },
): unknown {
  if (!(error instanceof FailureError)) return error;
  const words = error instanceof OutOfMemoryError
    ? `${error.message} (${smallerOptions(config).join(", ")})`
    : done > 0 && !(error instanceof DeviceError)
    ? `${lowerRate(config)}; ${error.message}`
    : error.message;
  return new FailureError(`step ${step}: ${words}; the last checkpoint is kept`, { cause: error });
}

/** @throws {FailureError} If a weight or moment of a checkpoint is NaN or infinite. */
export function requireFinite(
  { step, weights, ema, moments }: Checkpoint,
  { lr }: Pick<TrainConfig, "lr">,
): void {
  for (const values of [weights, ema ?? [], moments.m, moments.v]) {
    if (values.every(Number.isFinite)) continue;
    throw new FailureError(
      `step ${step}: the weights or their moments are no longer finite; try a ${option("lr")} ` +
        `below ${lr} first, then ${option("clip")}; the last good checkpoint is kept`,
    );
  }
}
