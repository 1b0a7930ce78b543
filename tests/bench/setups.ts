import type { OpenSetup } from "./workloads/setup.ts";
import type { CnfWork } from "./workloads/cnf_step.ts";

/** Imported when opened: a row whose memory is measured loads tfjs only if it computes with tensors. */
const cnf = (work: CnfWork): OpenSetup => async (...opening) =>
  await (await import("./workloads/cnf_step.ts")).cnfSetup(work)(...opening);
const points = (hidden: number, rows: number): OpenSetup => async (...opening) =>
  await (await import("./workloads/point_step.ts")).pointSetup(hidden, rows)(...opening);
const images = (net: "resnet" | "unet"): OpenSetup => async (...opening) =>
  await (await import("./workloads/image_step.ts")).imageSetup(net)(...opening);

/** Setups by name. */
export const setups = {
  "cnf-64": cnf({ dims: 2, hidden: 64, trace: "exact", batches: [512, 64], rows: 1024 }),
  "cnf-128": cnf({ dims: 2, hidden: 128, trace: "exact", batches: [512], rows: 0 }),
  "cnf-8": cnf({ dims: 8, hidden: 64, trace: "exact", batches: [512], rows: 0 }),
  "cnf-8-probes": cnf({ dims: 8, hidden: 64, trace: "hutchinson", batches: [512], rows: 0 }),
  "cnf-43-probes": cnf({
    ...{ dims: 43, hidden: 256, trace: "hutchinson", batches: [512], rows: 0, isWide: true },
  }),
  "points-64-256": points(64, 256),
  "points-128-256": points(128, 256),
  "points-128-512": points(128, 512),
  "point-samples": async (...opening) =>
    await (await import("./workloads/point_sample.ts")).pointSampleSetup(...opening),
  resnet: images("resnet"),
  unet: images("unet"),
  gemm: async () => await (await import("./workloads/gemm.ts")).gemmSetup(),
  whole: async (...opening) =>
    await (await import("./workloads/whole_program.ts")).wholeProgramSetup(...opening),
  gap: async (...opening) =>
    await (await import("./workloads/train_to_gap.ts")).trainToGapSetup(...opening),
} as const satisfies Record<string, OpenSetup>;
