import { controllerOf } from "../../solver/step_control.ts";
import type { Tableau } from "../../tableau.ts";
import type { SolveProblem } from "../engine.ts";

/**
 * The numbers of a solve that its shader reads: a header, then arrays. The shader's struct and the host's
 * writing are made from this record.
 */
const headerFields = {
  rows: "u32",
  /** Rows per control group, and groups. */
  groupRows: "u32",
  groups: "u32",
  /** Attempts per dispatch. */
  cap: "u32",
  /** 1 in the first dispatch of a solve. */
  isFirst: "u32",
  /** Number of fixed steps; 0 if steps are adaptive. */
  fixedSteps: "u32",
  maxSteps: "u32",
  stages: "u32",
  firstSameAsLast: "u32",
  /** Slopes per recorded step; 0 if none are kept. */
  recordSlopes: "u32",
  /** Room per group in a chunk of records. */
  recordSteps: "u32",
  /** Number of requested times, and sizes of the interpolant. */
  times: "u32",
  powers: "u32",
  basis: "u32",
  /** For the canary: a bound that no compiler knows. */
  three: "u32",
  /** Bits of a quiet NaN, which WGSL has no literal for. */
  quietNan: "u32",
  t0: "f32",
  t1: "f32",
  direction: "f32",
  /** Size of fixed steps, or of the first one; 0 if it is chosen by Hairer's rule. */
  h: "f32",
  rtol: "f32",
  atol: "f32",
  /** Of the controller, divided by the order of the error estimate. */
  exponent1: "f32",
  exponent2: "f32",
  exponent3: "f32",
  errorOrder: "f32",
  safety: "f32",
  growth: "f32",
  shrinkAccepted: "f32",
  shrinkRejected: "f32",
} as const satisfies Record<string, "f32" | "u32">;

type HeaderField = keyof typeof headerFields;

const names = Object.keys(headerFields) as HeaderField[];

/** The WGSL struct `Job`, a storage buffer. */
export const JOB_WGSL = `struct Job { ${
  names.map((name) => `${name}: ${headerFields[name]}`).join(", ")
}, data: array<f32> }`;

/**
 * WGSL functions of the arrays: c, b, bError [stages], a [stages][stages], the interpolant's powers, basis
 * [basis][powers] and values [basis][stages], and the requested times.
 */
export const JOB_ARRAYS_WGSL = `
fn nodeOf(i: u32) -> f32 { return job.data[i]; }
fn weightsAt() -> u32 { return job.stages; }
fn errorWeightsAt() -> u32 { return 2u * job.stages; }
fn coefficientsAt(i: u32) -> u32 { return (3u + i) * job.stages; }
fn denseAt() -> u32 { return (3u + job.stages) * job.stages; }
fn timesAt() -> u32 { return denseAt() + job.powers + job.basis * (job.powers + job.stages); }
`;

/**
 * Scale of states after fixed steps, which are only asked whether they are finite: no sum of the squares of finite ones
 * overflows.
 */
export const FINITE_SCALE = 2 ** 80;

/** What a solve's numbers are made of. */
export type JobTask =
  & Pick<SolveProblem, "t0" | "t1" | "tableau" | "control" | "maxSteps" | "keep">
  & { readonly y0: Pick<SolveProblem["y0"], "shape"> };

/** A tableau for the device: if states at given times are kept, its last slope is that of the step's end. */
export function tableauFor({ tableau, keep }: Pick<SolveProblem, "tableau" | "keep">): Tableau {
  if (tableau.firstSameAsLast || keep.kind !== "times") return tableau;
  return {
    ...tableau,
    c: [...tableau.c, 1],
    a: [...tableau.a, tableau.b],
    b: [...tableau.b, 0],
    bError: tableau.bError === null ? null : [...tableau.bError, 0],
    firstSameAsLast: true,
  };
}

/** Slopes of a step on which y1 depends. */
export function usedSlopes({ c, firstSameAsLast }: Tableau): number {
  return firstSameAsLast ? c.length - 1 : c.length;
}

/** The sizes that {@link jobNumbers} needs beside the problem. */
export interface JobSizes {
  readonly groupRows: number;
  readonly groups: number;
  /** Attempts per dispatch. */
  readonly cap: number;
  /** Room per group in a chunk of records; 0 if none are kept. */
  readonly recordSteps: number;
}

/** The contents of the shader's `job` for the first dispatch of a solve, or for those that continue it. */
export function jobNumbers(
  problem: JobTask,
  sizes: JobSizes,
  dispatch: "first" | "later",
): Uint32Array<ArrayBuffer> {
  const { y0, t0, t1, control, maxSteps, keep } = problem;
  const tableau = tableauFor(problem), { interpolant } = tableau;
  const stages = tableau.c.length, zeros = new Array<number>(stages).fill(0);
  const times = keep.kind === "times" ? keep.times : [];
  const direction = Math.sign(t1 - t0);
  const isFixed = control.kind === "fixed";
  const controller = isFixed ? null : controllerOf(control);
  const [e1, e2, e3] = controller?.exponents ?? [0, 0, 0];
  const { errorOrder } = tableau;
  const header: Record<HeaderField, number> = {
    ...sizes,
    rows: y0.shape[0],
    isFirst: Number(dispatch === "first"),
    fixedSteps: isFixed ? control.steps : 0,
    maxSteps,
    stages,
    firstSameAsLast: Number(tableau.firstSameAsLast),
    recordSlopes: keep.kind === "records" ? usedSlopes(tableau) : 0,
    times: times.length,
    powers: interpolant.powers.length,
    basis: interpolant.basis.length,
    three: 3,
    quietNan: 0x7fc00000,
    t0,
    t1,
    direction,
    h: isFixed ? (t1 - t0) / control.steps : direction * (control.firstStep ?? 0),
    rtol: isFixed ? 0 : control.rtol,
    atol: isFixed ? FINITE_SCALE : control.atol,
    exponent1: e1 / errorOrder,
    exponent2: e2 / errorOrder,
    exponent3: e3 / errorOrder,
    errorOrder,
    safety: controller?.safety ?? 0,
    growth: controller?.growth ?? 0,
    shrinkAccepted: controller?.shrinkAccepted ?? 0,
    shrinkRejected: controller?.shrinkRejected ?? 0,
  };
  const data = [
    ...tableau.c,
    ...tableau.b,
    ...tableau.bError ?? zeros,
    ...tableau.a.flatMap((row) => [...row, ...zeros.slice(row.length)]),
    ...interpolant.powers,
    ...interpolant.basis.flat(),
    ...interpolant.values.flat(),
    ...times,
  ];
  const words = new Uint32Array(names.length + data.length);
  const floats = new Float32Array(words.buffer);
  names.forEach((name, i) => {
    if (headerFields[name] === "f32") floats[i] = header[name];
    else words[i] = header[name];
  });
  floats.set(data, names.length);
  return words;
}
