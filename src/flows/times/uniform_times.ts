import { fillUniform } from "../../core/random/random.ts";
import type { TimeSampler } from "./time_sampler.ts";

/** Times uniform on (0, 1): Lipman et al. 2023, equation 23. */
export const uniformTimes: TimeSampler = {
  name: "uniform",
  draw: (key, { first, count }) => fillUniform(key, first, new Float32Array(count)),
};
