import { cnfSetup } from "./cnf_step.ts";
import { fmSetup } from "./fm_step.ts";
import { gemmSetup } from "./gemm.ts";
import type { OpenSetup } from "./setup.ts";
import { trainToGapSetup } from "./train_to_gap.ts";
import { atThreads } from "./turns.ts";

/** Setups by name. */
export const setups = {
  "cnf-64": cnfSetup(64, [512, 64]),
  "cnf-128": cnfSetup(128, [512]),
  resnet: fmSetup("resnet"),
  unet: fmSetup("unet"),
  gemm: gemmSetup,
  gap: trainToGapSetup,
} as const satisfies Record<string, OpenSetup>;

/** A row of the table: the ratio of two contestants' medians. */
export interface Row {
  readonly name: string;
  /** Display name of the work. */
  readonly work: string;
  readonly setup: keyof typeof setups;
  /** Key in the setup's works. */
  readonly does: string;
  /** Contestant whose time is the divisor. */
  readonly ours: string;
  /** Label or full name of the contestant compared with; of several the fastest counts. */
  readonly peer: string;
  /** Required ratio, and target ratio. */
  readonly must: number;
  readonly aim: number;
  /** Takes minutes, so runs only if named. */
  readonly isLong?: boolean;
}

type Given = Omit<Row, "ours"> & Partial<Pick<Row, "ours">>;

const [one, two] = [atThreads("Fluxion", 1), atThreads("Fluxion", 2)];

const given: readonly Given[] = [{
  ...{ name: "cnf-train", work: "CNF train step, hidden 64, batch 512" },
  ...{ setup: "cnf-64", does: "train 512", peer: "torchdiffeq", must: 2, aim: 3 },
}, {
  ...{ name: "cnf-adjoint", work: "the same, direct, beside the adjoint" },
  ...{ setup: "cnf-64", does: "train 512", peer: "odeint_adjoint", must: 7, aim: 10 },
}, {
  ...{ name: "cnf-train-small", work: "CNF train step, hidden 64, batch 64" },
  ...{ setup: "cnf-64", does: "train 64", peer: "torchdiffeq", must: 4, aim: 7 },
}, {
  ...{ name: "cnf-train-wide", work: "CNF train step, hidden 128, batch 512" },
  ...{ setup: "cnf-128", does: "train 512", peer: "torchdiffeq", must: 1.2, aim: 2 },
}, {
  ...{ name: "cnf-sample", work: "CNF sample, 1,024 points" },
  ...{ setup: "cnf-64", does: "sample", peer: "torchdiffeq", must: 3, aim: 5 },
}, {
  ...{ name: "cnf-log-prob", work: "CNF log-prob, 1,024 points" },
  ...{ setup: "cnf-64", does: "log-prob", peer: "torchdiffeq", must: 4, aim: 8 },
}, {
  ...{ name: "train-to-gap", work: "CNF training until nllGap is 0.05" },
  ...{ setup: "gap", does: "train", peer: "torchdiffeq", must: 4, aim: 10, isLong: true },
}, {
  ...{ name: "fm-train", work: "FM train step, ResNet 32 x 4, batch 64" },
  ...{ setup: "resnet", does: "train", peer: "PyTorch", must: 1, aim: 1.5 },
}, {
  ...{ name: "fm-forward", work: "FM forward, the same" },
  ...{ setup: "resnet", does: "forward", peer: "PyTorch", must: 1, aim: 1.3 },
}, {
  ...{ name: "unet-train", work: "FM train step, U-Net, batch 64" },
  ...{ setup: "unet", does: "train", peer: "PyTorch", must: 1, aim: 1.5 },
}, {
  ...{ name: "fm-tfjs", work: "FM train step, ResNet 32 x 4, batch 64" },
  ...{ setup: "resnet", does: "train", peer: "tfjs wasm", must: 15, aim: 25 },
}, {
  ...{ name: "gemm", work: "GEMM 512^3, of a core's peak", ours: one },
  ...{ setup: "gemm", does: "product", peer: "register-only loop", must: 0.65, aim: 0.85 },
}, {
  ...{ name: "cnf-threads", work: "2 threads over 1, CNF train step" },
  ...{ setup: "cnf-64", does: "train 512", peer: one, must: 1.7, aim: 1.9 },
}, {
  ...{ name: "fm-threads", work: "2 threads over 1, FM train step" },
  ...{ setup: "resnet", does: "train", peer: one, must: 1.7, aim: 1.9 },
}];

/** The rows of the table, in order. */
export const rows: readonly Row[] = given.map((row) => ({ ours: two, ...row }));

/** Rows by name, or by prefix before a dash; without names, all but the long ones. */
export function rowsNamed(names: readonly string[]): readonly Row[] {
  if (names.length === 0) return rows.filter(({ isLong }) => !isLong);
  const isMeant = (row: Row) =>
    names.some((name) => row.name === name || (!row.isLong && row.name.startsWith(`${name}-`)));
  return rows.filter(isMeant);
}
