import type { ProgramSource } from "../../../../backends/gpu/programs.ts";
import { gridMain } from "../../../../ops/wgsl/grid.ts";
import { sumInWorkgroup } from "../../../../ops/wgsl/sum_in_workgroup.ts";
import { CONTROL_BYTES, CONTROL_WGSL } from "../control.ts";
import { JOB_ARRAYS_WGSL, JOB_WGSL } from "../job.ts";
import { IS_FINITE_WGSL } from "../prelude_wgsl.ts";
import { constantName, STEP_CONTROL_WGSL } from "../step_control_wgsl.ts";

/** Elements per workgroup of {@link inputProgram} and {@link commitProgram}, one per thread. */
export const ELEMENTS = 256;

/** Numbers of a group per workgroup of {@link squaresProgram}. */
export const NUMBERS_PER_PART = 16 * ELEMENTS;

/** Threads per workgroup of {@link controlProgram}. */
const CONTROL_THREADS = 64;

/** Inputs of the field that are not those of a stage, in place of its index. */
export const inputKinds = { trial: 0xfffe, solution: 0xffff } as const;

/** What is scaled and squared. */
export const squaredKinds = { state: 0, slope: 1, change: 2, error: 3, result: 4 } as const;

/** What the control is updated by. */
export const controlEvents = { start: 0, norms: 1, change: 2, attempt: 3 } as const;

/** The numbers of a dispatch: what it is for (of the records above), and shapes. */
export function placeNumbers(
  what: number,
  { width, parts }: { readonly width: number; readonly parts: number },
): Uint32Array<ArrayBuffer> {
  return Uint32Array.of(what, width, parts, 0);
}

/** `change` of `{ squared: squaredKinds }` as SQUARED_CHANGE: records may have the same names. */
const constants = Object.entries({
  input: inputKinds,
  squared: squaredKinds,
  event: controlEvents,
}).flatMap(([record, values]) =>
  Object.entries(values).map(([name, value]) =>
    `const ${constantName(record)}_${constantName(name)} = ${value}u;`
  )
).join(" ");

/** What all four shaders begin with; `parts` is the number of partial sums of a group. */
const begin = `
${JOB_WGSL}
${CONTROL_WGSL}
struct Place { what: u32, width: u32, parts: u32, unused: u32 }
@group(0) @binding(0) var<uniform> place: Place;
@group(0) @binding(1) var<storage, read> job: Job;
${constants}
${JOB_ARRAYS_WGSL}
`;

/** `slopeSum(i, numbers, weightsAt, count)`: slopes with weight zero do not count, even if they are NaN. */
const SLOPE_SUM_WGSL = `
fn slopeSum(i: u32, numbers: u32, weightsAt: u32, count: u32) -> f32 {
  var sum = 0.0;
  for (var j = 0u; j < count; j++) {
    let weight = job.data[weightsAt + j];
    if (weight != 0.0) { sum = fma(weight, slopes[j * numbers + i], sum); }
  }
  return sum;
}
`;

/**
 * The next input of the field: y + h sum of a[j] slopes[j], at the time of a stage; or that of the trial step
 * that chooses the first one, or the state at the end of a step.
 *
 *   2  read        groups  [groups]
 *   3  read        y       [rows, width]
 *   4  read        slopes  [slots, rows, width]
 *   5  read_write  x       [rows, width]
 *   6  read_write  times   [rows]
 */
export const inputProgram: ProgramSource = {
  name: "stage input",
  code: `${begin}
@group(0) @binding(2) var<storage, read> groups: array<Control>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;
@group(0) @binding(6) var<storage, read_write> times: array<f32>;
${SLOPE_SUM_WGSL}
${gridMain(ELEMENTS)}
  let i = workgroup * ${ELEMENTS}u + lid;
  let numbers = job.rows * place.width;
  if (i >= numbers) { return; }
  let row = i / place.width;
  let group = row / job.groupRows;
  let t = groups[group].t;
  let h = groups[group].h;
  var time = t;
  var value = y[i];
  if (place.what == INPUT_TRIAL) {
    let trial = groups[group].trial;
    value = fma(trial, slopes[i], value);
    time = t + trial;
  } else if (place.what == INPUT_SOLUTION) {
    value = fma(h, slopeSum(i, numbers, weightsAt(), job.stages), value);
    time = t + h;
  } else if (place.what > 0u) {
    value = fma(h, slopeSum(i, numbers, coefficientsAt(place.what), place.what), value);
    time = fma(nodeOf(place.what), h, t);
  }
  x[i] = value;
  if (i % place.width == 0u) { times[row] = time; }
}
`,
  bindings: ["uniform", "read", "read", "read", "read", "readWrite", "readWrite"],
  threads: ELEMENTS,
  workgroupBytes: 0,
};

/**
 * Partial sums of (value / (atol + rtol * max(|y|, |other|)))^2, `RowSpace.scaledSquares` in parts of a group,
 * in a fixed order. The second component is above 0 if an operand is not finite. The norm of the slope has the
 * second half of the sums.
 *
 *   2  read        groups    [groups]
 *   3  read        y         [rows, width]
 *   4  read        x         [rows, width], at the end of an attempt its result
 *   5  read        slopes    [slots, rows, width]
 *   6  read_write  partials  [2, groups, parts]
 */
export const squaresProgram: ProgramSource = {
  name: "scaled squares",
  code: `${begin}
@group(0) @binding(2) var<storage, read> groups: array<Control>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read> x: array<f32>;
@group(0) @binding(5) var<storage, read> slopes: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec2f>;
var<workgroup> shares: array<vec2f, ${ELEMENTS}>;
${SLOPE_SUM_WGSL}
${IS_FINITE_WGSL}

${gridMain(ELEMENTS)}
  let index = workgroup;
  let group = index / place.parts;
  if (group >= job.groups) { return; }
  let numbers = job.rows * place.width;
  let first = group * job.groupRows * place.width;
  let count = min(job.groupRows * place.width, numbers - first);
  let begin = index % place.parts * ${NUMBERS_PER_PART}u + lid;
  let h = groups[group].h;
  let what = place.what;
  var sum = vec2f(0.0);
  for (var k = 0u; k < ${NUMBERS_PER_PART / ELEMENTS}u; k++) {
    let e = begin + k * ${ELEMENTS}u;
    if (e < count) {
      let i = first + e;
      let reference = y[i];
      var other = reference;
      var value = reference;
      if (what == SQUARED_SLOPE) { value = slopes[i]; }
      else if (what == SQUARED_CHANGE) { value = slopes[numbers + i] - slopes[i]; }
      else if (what != SQUARED_STATE) {
        other = x[i];
        value = other;
        if (what == SQUARED_ERROR) { value = h * slopeSum(i, numbers, errorWeightsAt(), job.stages); }
      }
      let scaled = value / fma(job.rtol, max(abs(reference), abs(other)), job.atol);
      sum.x = fma(scaled, scaled, sum.x);
      if (!isFinite(scaled) || !isFinite(reference) || !isFinite(other)) { sum.y = 1.0; }
    }
  }
  shares[lid] = sum;${sumInWorkgroup(["shares"], { threads: ELEMENTS })}
  let half = select(0u, job.groups * place.parts, what == SQUARED_SLOPE);
  if (lid == 0u) { partials[half + index] = shares[0]; }
}
`,
  bindings: ["uniform", "read", "read", "read", "read", "read", "readWrite"],
  threads: ELEMENTS,
  workgroupBytes: 8 * ELEMENTS,
};

/**
 * Norms from the partial sums, and the decision that hangs on them: the first step, or whether an attempt is
 * accepted and how large the next step is. A workgroup per group. Groups that are done stay as they are.
 *
 *   2  read_write  groups    [groups]
 *   3  read        partials  [2, groups, parts]
 */
export const controlProgram: ProgramSource = {
  name: "step control",
  code: `${begin}
@group(0) @binding(2) var<storage, read_write> groups: array<Control>;
@group(0) @binding(3) var<storage, read> partials: array<vec2f>;
var<workgroup> control: Control;
var<workgroup> shares: array<vec2f, ${CONTROL_THREADS}>;
${STEP_CONTROL_WGSL}
fn norm(half: u32, group: u32, lid: u32) -> f32 {
  let first = (half * job.groups + group) * place.parts;
  var sum = vec2f(0.0);
  for (var part = lid; part < place.parts; part += ${CONTROL_THREADS}u) { sum += partials[first + part]; }
  shares[lid] = sum;${sumInWorkgroup(["shares"], { threads: CONTROL_THREADS })}
  let total = shares[0];
  workgroupBarrier();
  let count = min(job.groupRows, job.rows - group * job.groupRows) * place.width;
  let size = sqrt(total.x / f32(count));
  if (total.y != 0.0 || !isFinite(size)) { return -1.0; }
  return size;
}

${gridMain(CONTROL_THREADS)}
  let group = workgroup;
  if (group >= job.groups) { return; }
  let what = place.what;
  var size = 0.0;
  var slopeSize = 0.0;
  if (what != EVENT_START) { size = norm(0u, group, lid); }
  if (what == EVENT_NORMS) { slopeSize = norm(1u, group, lid); }
  if (lid > 0u) { return; }
  if (what == EVENT_START) {
    var fresh: Control;
    fresh.t = job.t0;
    fresh.h = job.h;
    fresh.error2 = 1.0;
    fresh.error3 = 1.0;
    control = fresh;
    if (job.fixedSteps > 0u || job.h != 0.0) { begin(); }
  } else {
    control = groups[group];
    if (what == EVENT_NORMS) {
      control.nfe = 1u;
      chooseTrial(size, slopeSize);
    } else if (what == EVENT_CHANGE) {
      control.nfe = 2u;
      chooseFirstStep(size);
      begin();
    } else if (control.status == RUNNING) {
      control.nfe += job.stages - control.hasSlope;
      decide(size);
      settle(size);
      if (control.status == RUNNING) { begin(); }
    } else {
      control.accepts = 0u;
    }
  }
  groups[group] = control;
}
`,
  bindings: ["uniform", "read", "readWrite", "read"],
  threads: CONTROL_THREADS,
  workgroupBytes: 8 * CONTROL_THREADS + CONTROL_BYTES,
};

/**
 * The state after an attempt, in groups that accept it; with a method that is first same as last also the first slope of
 * the next one.
 *
 *   2  read        groups  [groups]
 *   3  read        x       [rows, width]
 *   4  read_write  y       [rows, width]
 *   5  read_write  slopes  [slots, rows, width]
 */
export const commitProgram: ProgramSource = {
  name: "accepted step",
  code: `${begin}
@group(0) @binding(2) var<storage, read> groups: array<Control>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> slopes: array<f32>;

${gridMain(ELEMENTS)}
  let i = workgroup * ${ELEMENTS}u + lid;
  let numbers = job.rows * place.width;
  if (i >= numbers) { return; }
  if (groups[i / place.width / job.groupRows].accepts == 0u) { return; }
  y[i] = x[i];
  if (job.firstSameAsLast == 1u) { slopes[i] = slopes[(job.stages - 1u) * numbers + i]; }
}
`,
  bindings: ["uniform", "read", "read", "read", "readWrite", "readWrite"],
  threads: ELEMENTS,
  workgroupBytes: 0,
};
