import { fillNormal } from "../../core/random/random.ts";
import type { TimeSampler } from "./time_sampler.ts";

/**
 * Times whose logit is normal: t = 1 / (1 + exp(-(mean + deviation z))), z standard normal. With
 * mean 0 they concentrate around t = 1/2, where the target is hardest to predict; a positive mean
 * shifts them towards the data.
 *
 * Source: Esser et al. 2024, Scaling Rectified Flow Transformers for High-Resolution Image
 * Synthesis, section 3.1 (there t runs from data to noise, so the mean has the opposite sign).
 *
 * @param options.mean Mean of the logit; default 0.
 * @param options.deviation Standard deviation of the logit, above 0; default 1.
 */
export function logitNormalTimes(
  options: { readonly mean?: number; readonly deviation?: number } = {},
): TimeSampler {
  const { mean = 0, deviation = 1 } = options;
  if (!Number.isFinite(mean) || !(deviation > 0 && deviation < Infinity)) {
    throw new RangeError(
      `logitNormalTimes: expected a finite mean and a deviation above 0, got ${mean}, ${deviation}`,
    );
  }
  return {
    name: `logit-normal(${mean}, ${deviation})`,
    draw: (key, { first, count }) =>
      fillNormal(key, first, new Float32Array(count))
        .map((z) => 1 / (1 + Math.exp(-(mean + deviation * z)))),
  };
}
