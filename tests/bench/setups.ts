import { cnfSetup } from "./workloads/cnf_step.ts";
import { gemmSetup } from "./workloads/gemm.ts";
import { imageSetup } from "./workloads/image_step.ts";
import { pointSampleSetup } from "./workloads/point_sample.ts";
import { pointSetup } from "./workloads/point_step.ts";
import type { OpenSetup } from "./workloads/setup.ts";
import { trainToGapSetup } from "./workloads/train_to_gap.ts";
import { wholeProgramSetup } from "./workloads/whole_program.ts";

/** Setups by name. */
export const setups = {
  "cnf-64": cnfSetup({ dims: 2, hidden: 64, trace: "exact", batches: [512, 64], rows: 1024 }),
  "cnf-128": cnfSetup({ dims: 2, hidden: 128, trace: "exact", batches: [512], rows: 0 }),
  "cnf-8": cnfSetup({ dims: 8, hidden: 64, trace: "exact", batches: [512], rows: 0 }),
  "cnf-8-probes": cnfSetup({ dims: 8, hidden: 64, trace: "hutchinson", batches: [512], rows: 0 }),
  "cnf-43-probes": cnfSetup({
    ...{ dims: 43, hidden: 256, trace: "hutchinson", batches: [512], rows: 0, isWide: true },
  }),
  "points-64-256": pointSetup(64, 256),
  "points-128-256": pointSetup(128, 256),
  "points-128-512": pointSetup(128, 512),
  "point-samples": pointSampleSetup,
  resnet: imageSetup("resnet"),
  unet: imageSetup("unet"),
  gemm: gemmSetup,
  whole: wholeProgramSetup,
  gap: trainToGapSetup,
} as const satisfies Record<string, OpenSetup>;
