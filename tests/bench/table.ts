import type { setups } from "./setups.ts";
import { contestantName } from "./turns.ts";

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
  /** Families compared with, of whose contestants the fastest counts; or the name of one. */
  readonly peers: readonly string[];
  /** Required ratio, and target ratio. */
  readonly must: number;
  readonly aim: number;
  /** Takes minutes, so runs only if named. */
  readonly isLong?: boolean;
}

type Given = Omit<Row, "ours"> & Partial<Pick<Row, "ours">>;

const [one, two] = [contestantName("Fluxion", 1), contestantName("Fluxion", 2)];

/** Differentiation through the solver's steps, as Fluxion's own default. */
const direct = ["torchdiffeq", "diffrax"];
/** The continuous adjoint: another gradient, less exact. */
const adjoint = ["odeint_adjoint", "BacksolveAdjoint"];
const frameworks = ["PyTorch", "JAX"];

const given: readonly Given[] = [{
  ...{ name: "cnf-train", work: "CNF train step, width 64, batch 512" },
  ...{ setup: "cnf-64", does: "train 512", peers: direct, must: 3.8, aim: 5 },
}, {
  ...{ name: "cnf-adjoint", work: "the same, direct, beside the adjoint" },
  ...{ setup: "cnf-64", does: "train 512", peers: adjoint, must: 3.3, aim: 4 },
}, {
  ...{ name: "cnf-train-small", work: "CNF train step, width 64, batch 64" },
  ...{ setup: "cnf-64", does: "train 64", peers: direct, must: 4, aim: 6 },
}, {
  ...{ name: "cnf-adjoint-small", work: "the same, direct, beside the adjoint" },
  ...{ setup: "cnf-64", does: "train 64", peers: adjoint, must: 3, aim: 4 },
}, {
  ...{ name: "cnf-train-wide", work: "CNF train step, width 128, batch 512" },
  ...{ setup: "cnf-128", does: "train 512", peers: direct, must: 3, aim: 3.5 },
}, {
  ...{ name: "cnf-adjoint-wide", work: "the same, direct, beside the adjoint" },
  ...{ setup: "cnf-128", does: "train 512", peers: adjoint, must: 2.3, aim: 3 },
}, {
  ...{ name: "cnf-sample", work: "CNF sample, 1,024 points" },
  ...{ setup: "cnf-64", does: "sample", peers: direct, must: 4, aim: 5 },
}, {
  ...{ name: "cnf-log-prob", work: "CNF log-prob, 1,024 points" },
  ...{ setup: "cnf-64", does: "log-prob", peers: direct, must: 2.5, aim: 3 },
}, {
  ...{ name: "cnf-8", work: "CNF train step, 8 dimensions, width 64, batch 512" },
  ...{ setup: "cnf-8", does: "train 512", peers: direct, must: 3, aim: 4 },
}, {
  ...{ name: "cnf-8-probes", work: "the same, Hutchinson" },
  ...{ setup: "cnf-8-probes", does: "train 512", peers: direct, must: 4, aim: 5 },
}, {
  ...{ name: "cnf-43-probes", work: "CNF train step, 43 dimensions, width 256, Hutchinson" },
  ...{ setup: "cnf-43-probes", does: "train 512", peers: direct, must: 1.3, aim: 1.6 },
}, {
  ...{ name: "points-64-256", work: "FM train step on points, width 64, batch 256" },
  ...{ setup: "points-64-256", does: "train", peers: frameworks, must: 2, aim: 3 },
}, {
  ...{ name: "points-128-256", work: "FM train step on points, width 128, batch 256" },
  ...{ setup: "points-128-256", does: "train", peers: frameworks, must: 1.5, aim: 2 },
}, {
  ...{ name: "points-128-512", work: "FM train step on points, width 128, batch 512" },
  ...{ setup: "points-128-512", does: "train", peers: frameworks, must: 1.5, aim: 2 },
}, {
  ...{
    name: "points-tensors",
    work: "the same, width 64, batch 256, beside our tensor operations",
  },
  ...{ setup: "points-64-256", does: "train", peers: ["tensor operations"], must: 5, aim: 10 },
}, {
  ...{ name: "fm-train", work: "FM train step, ResNet 32 x 4, batch 64" },
  ...{ setup: "resnet", does: "train", peers: frameworks, must: 1.8, aim: 2.2 },
}, {
  ...{ name: "fm-forward", work: "FM forward, the same" },
  ...{ setup: "resnet", does: "forward", peers: frameworks, must: 1.9, aim: 2.5 },
}, {
  ...{ name: "unet-train", work: "FM train step, U-Net, batch 64" },
  ...{ setup: "unet", does: "train", peers: frameworks, must: 1.6, aim: 2 },
}, {
  ...{ name: "fm-tfjs", work: "FM train step, ResNet 32 x 4, batch 64" },
  ...{ setup: "resnet", does: "train", peers: ["tfjs wasm"], must: 15, aim: 25 },
}, {
  ...{ name: "gemm", work: "GEMM 512^3, of a core's peak", ours: one },
  ...{ setup: "gemm", does: "product", peers: ["register-only loop"], must: 0.73, aim: 0.85 },
}, {
  ...{ name: "cnf-threads", work: "2 threads over 1, CNF train step" },
  ...{ setup: "cnf-64", does: "train 512", peers: [one], must: 1.7, aim: 1.9 },
}, {
  ...{ name: "cnf-threads-small", work: "2 threads over 1, CNF train step, batch 64" },
  ...{ setup: "cnf-64", does: "train 64", peers: [one], must: 1.6, aim: 1.8 },
}, {
  ...{ name: "fm-threads", work: "2 threads over 1, FM train step" },
  ...{ setup: "resnet", does: "train", peers: [one], must: 1.7, aim: 1.9 },
}, {
  ...{ name: "sample-dopri5", work: "FM sample, 100,000 points, dopri5 at 1e-5" },
  ...{ setup: "point-samples", does: "dopri5", peers: frameworks, must: 2.3, aim: 3, isLong: true },
}, {
  ...{ name: "sample-euler", work: "the same, Euler, 100 steps" },
  ...{ setup: "point-samples", does: "euler", peers: frameworks, must: 1.8, aim: 2, isLong: true },
}, {
  ...{ name: "whole-fm", work: "FM on moons, 12,000 steps, 5,000 samples, cold" },
  ...{ setup: "whole", does: "moons", peers: frameworks, must: 2, aim: 3, isLong: true },
}, {
  ...{ name: "train-to-gap", work: "CNF training until nllGap is 0.05" },
  ...{ setup: "gap", does: "train", peers: direct, must: 8, aim: 15, isLong: true },
}];

/** The rows of the table, in order. */
export const rows: readonly Row[] = given.map((row) => ({ ours: two, ...row }));

/** What stands for every row, the long ones too. */
export const ALL = "all";

/**
 * Rows by name or by prefix before a dash, `all` for every one; without names, all but the long
 * ones. A long row runs by its own name or prefix too.
 */
export function rowsNamed(names: readonly string[]): readonly Row[] {
  if (names.length === 0) return rows.filter(({ isLong }) => !isLong);
  return rows.filter((row) =>
    names.some((name) => name === ALL || row.name === name || row.name.startsWith(`${name}-`))
  );
}
