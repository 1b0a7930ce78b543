import { gridMain } from "../../../ops/wgsl/grid.ts";
import { type ProgramSource, workgroupVariables } from "../../../backends/gpu/programs.ts";
import { CONTROL_BYTES, CONTROL_WGSL, evaluationMode } from "./control.ts";
import {
  fieldIterations,
  type FieldShape,
  fieldVariables,
  fieldWgsl,
  widthOf,
} from "./field_wgsl.ts";
import { JOB_ARRAYS_WGSL, JOB_WGSL } from "./job.ts";
import { packedWeights } from "./packed_weights.ts";
import { range } from "../../../ops/wgsl/lines.ts";
import { recordPlaces } from "./records.ts";
import { constantName, STEP_CONTROL_WGSL } from "./step_control_wgsl.ts";
import { threadsFor } from "./tiles/thread_tile.ts";
import type { Tableau } from "../../tableau.ts";

/** The shapes that determine the shader of a solve. */
export interface SolveShape extends FieldShape {
  /** Slopes per step for which there is room; at least the stages, and 2. */
  readonly slopeRoom: number;
}

/** Slopes come in eights, so that the methods share a shader. */
export function slopeRoomFor(stages: number): number {
  return 8 * Math.ceil(stages / 8);
}

/**
 * Iterations of all loops of an invocation per attempt of a step, at most: Mesa's llvmpipe ends all loops
 * after 65,535.
 */
export function attemptIterations(shape: SolveShape, stages: number): number {
  const elements = elementsPerThread(shape);
  const rows = Math.ceil(shape.tileRows / threadsOf(shape));
  const evaluations = stages * (1 + fieldIterations(shape) + elements);
  return evaluations + elements * (4 + stages) + rows * (1 + widthOf(shape)) + shape.tileRows + 4;
}

/** Iterations of all loops of an invocation per requested time, at most. */
export function denseIterations(shape: SolveShape, tableau: Tableau): number {
  const { powers, basis } = tableau.interpolant;
  const stages = tableau.c.length + 1;
  const perWeight = 2 + basis.length * (1 + powers.reduce((sum, power) => sum + power + 1, 0));
  return 1 + Math.ceil(stages / threadsOf(shape)) * perWeight + 2 * elementsPerThread(shape);
}

/** Threads per workgroup. */
export function threadsOf(shape: FieldShape): number {
  return threadsFor(shape, packedWeights(shape).quads);
}

/** Elements of the rows' states that a thread keeps, at most. */
function elementsPerThread(shape: FieldShape): number {
  return Math.ceil(shape.tileRows * widthOf(shape) / threadsOf(shape));
}

/** The shader's variables in workgroup memory. */
export function solveVariables(shape: SolveShape): ReturnType<typeof workgroupVariables> {
  const { tileRows, slopeRoom } = shape;
  return workgroupVariables([
    ...fieldVariables(shape),
    { name: "state", type: "f32", count: (slopeRoom + 3) * tileRows * widthOf(shape) },
    { name: "dense", type: "f32", count: slopeRoom },
    { name: "sums", type: "vec4f", count: tileRows },
    { name: "control", struct: "Control", bytes: CONTROL_BYTES },
  ]);
}

/**
 * The shader of a solve. A workgroup owns a control group: it takes up to `job.cap` step attempts, from the
 * start or from where the last dispatch paused, and decides on its own what is accepted and how large
 * the next step is (solver/solve.ts and solver/step_control.ts, of which this is the float32 form).
 *
 * One thread keeps the group's `control`, which all load uniformly before they branch; the rows' states and
 * slopes are in workgroup memory. The field is evaluated at one place of the code.
 */
export function solveProgram(shape: SolveShape): ProgramSource {
  const { dims, tileRows, slopeRoom, trace, tile } = shape;
  const width = widthOf(shape), threads = threadsOf(shape), block = tileRows * width;
  const isTraced = trace !== "none", slopes = range(slopeRoom);
  const variables = solveVariables(shape);
  const modes = Object.entries(evaluationMode).map(([name, value]) =>
    `const ${constantName(name)} = ${value}u;`
  );
  const records = recordPlaces({
    dims,
    slopes: "job.recordSlopes",
    groups: "job.groups",
    groupRows: "job.groupRows",
    steps: "job.recordSteps",
  });
  const code = `
${JOB_WGSL}
${CONTROL_WGSL}
${modes.join(" ")}
const SLOT = ${block}u;              // numbers of the states or slopes of all rows
const X = ${
    slopeRoom * block
  }u;     // the input of the field, and y1 at the end of an attempt; slopes come before
const Y = X + SLOT;
const ERROR = Y + SLOT;

@group(0) @binding(0) var<storage, read> job: Job;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> start: array<f32>;            // y0 [rows][WIDTH]
@group(0) @binding(3) var<storage, read_write> reached: array<f32>;    // the state, at last y1 [rows][WIDTH]
@group(0) @binding(4) var<storage, read_write> carried: array<f32>;    // the slope at that state [rows][WIDTH]
@group(0) @binding(5) var<storage, read_write> groups: array<Control>;
@group(0) @binding(6) var<storage, read_write> kept: array<f32>;       // a chunk of records, or states [times][rows][WIDTH]
@group(0) @binding(7) var<storage, read> probes: array<f32>;
${variables.code}
${JOB_ARRAYS_WGSL}
${fieldWgsl(shape)}

/** Sum over the first \`count\` slopes; all are loaded at once, a loop would wait for memory each time. */
fn slopeSum(e: u32, weightsAt: u32, count: u32) -> f32 {
  var sum = 0.0;
${
    slopes.map((j) =>
      `  sum = select(sum, fma(job.data[weightsAt + ${j}u], state[${j}u * SLOT + e], sum), ${j}u < count);`
    ).join("\n")
  }
  return sum;
}

/**
 * The scaled norm of the group, known to the first thread: the largest root mean square of a part of the
 * state, or -1 if it is not finite.
 */
fn norm(value: u32, other: u32, lid: u32, count: u32) -> f32 {
  for (var row = lid; row < ${tileRows}u; row += THREADS) {
    var sum = vec4f(0.0);
    for (var c = 0u; c < WIDTH; c++) {
      let at = row * WIDTH + c;
      let largest = max(abs(state[Y + at]), abs(state[other + at]));
      let scaled = state[value + at] / fma(job.rtol, largest, job.atol);
      if (c < D) { sum.x = fma(scaled, scaled, sum.x); } else { sum.y = fma(scaled, scaled, sum.y); }
      if (!isFinite(scaled) || !isFinite(state[Y + at]) || !isFinite(state[other + at])) { sum.z = 1.0; }
    }
    sums[row] = sum;
  }
  workgroupBarrier();
  var total = vec4f(0.0);
  if (lid == 0u) { for (var r = 0u; r < count; r++) { total += sums[r]; } }
  workgroupBarrier();
  let size = sqrt(${
    isTraced ? "max(total.x / f32(D * count), total.y / f32(count))" : "total.x / f32(D * count)"
  });
  if (total.z != 0.0 || !isFinite(size)) { return -1.0; }
  return size;
}

${STEP_CONTROL_WGSL}
/** Weight of slope j in the state at theta of a step; see interpolant.ts. */
fn denseWeight(theta: f32, j: u32) -> f32 {
  let basisAt = denseAt() + job.powers;
  let valuesAt = basisAt + job.basis * job.powers;
  var weight = 0.0;
  for (var i = 0u; i < job.basis; i++) {
    var phi = 0.0;
    for (var p = 0u; p < job.powers; p++) {
      var power = 1.0;
      for (var n = u32(job.data[denseAt() + p]); n > 0u; n--) { power *= theta; }
      phi = fma(job.data[basisAt + i * job.powers + p], power, phi);
    }
    weight = fma(phi, job.data[valuesAt + i * job.stages + j], weight);
  }
  return weight;
}

${gridMain(threads)}
  let group = workgroup;
  if (group >= job.groups) { return; }
  // The rows and features of the field; elements e of the states and slopes are shared out on their own.
  let row = lid / QT * ${tile.rows}u; let q = lid % QT;
  let first = group * job.groupRows;
  let count = min(job.groupRows, job.rows - first);

  if (lid == 0u) {
    if (job.isFirst == 1u) {
      var fresh: Control;
      fresh.t = job.t0;
      fresh.h = job.h;
      fresh.error2 = 1.0;
      fresh.error3 = 1.0;
      fresh.begins = 1u;
      fresh.mode = STAGE;
      if (job.fixedSteps == 0u && job.h == 0.0) { fresh.mode = FIRST_SLOPE; fresh.begins = 0u; }
      if (job.t0 == job.t1) { fresh.status = FINISHED; }
      control = fresh;
    } else {
      control = groups[group];
      control.tried = 0u;
      if (control.status == PAUSED) { control.status = RUNNING; }
    }
    control.recorded = 0u;
  }
  for (var e = lid; e < SLOT; e += THREADS) {
    // The tile's rows beyond the group compute its last one again.
    let source = first * WIDTH + min(e / WIDTH, count - 1u) * WIDTH + e % WIDTH;
    if (job.isFirst == 1u) { state[Y + e] = start[source]; }
    else {
      state[Y + e] = reached[source];
      state[e] = carried[source];
    }
  }
${
    trace === "hutchinson"
      ? `  fieldDirections(q, array<u32, ${tile.rows}>(${
        range(tile.rows).map((r) => `first + min(row + ${r}u, count - 1u)`).join(", ")
      }));`
      : ""
  }
  let opening = workgroupUniformLoad(&control);
  if (job.isFirst == 0u && opening.status != RUNNING) {
    // It was done before: the chunk has none of its steps.
    if (lid == 0u && job.recordSlopes > 0u) { kept[${records.count("group")}] = 0.0; }
    return;
  }
  var nextTime = opening.nextTime;
  if (job.isFirst == 1u) {
    for (; nextTime < job.times; nextTime++) {
      if (job.data[timesAt() + nextTime] != job.t0) { break; }
      for (var e = lid; e < SLOT; e += THREADS) {
        if (e < count * WIDTH) { kept[(nextTime * job.rows + first) * WIDTH + e] = state[Y + e]; }
      }
    }
  }

  loop {
    if (lid == 0u && control.begins == 1u && control.status == RUNNING) { begin(); }
    let s = workgroupUniformLoad(&control);
    if (s.status != RUNNING) { break; }
    let isStage = s.mode == STAGE;
    for (var e = lid; e < SLOT; e += THREADS) {
      var x = state[Y + e];
      if (s.mode == TRIAL_SLOPE) { x = fma(s.trial, state[e], x); }
      if (isStage && s.stage > 0u) { x = fma(s.h, slopeSum(e, coefficientsAt(s.stage), s.stage), x); }
      state[X + e] = x;
    }
    var time = s.t;
    if (s.mode == TRIAL_SLOPE) { time += s.trial; }
    if (isStage) { time = fma(nodeOf(s.stage), s.h, time); }
    let slot = select(select(0u, SLOT, s.mode == TRIAL_SLOPE), s.stage * SLOT, isStage);
    workgroupBarrier();
    field(X, slot, time, row, q, lid);
    workgroupBarrier();
    if (lid == 0u) { control.nfe += 1u; }
    if (isStage && s.stage + 1u < job.stages) {
      if (lid == 0u) { control.stage = s.stage + 1u; }
      continue;
    }

    if (s.mode == FIRST_SLOPE) {
      let stateNorm = norm(Y, Y, lid, count);
      let slopeNorm = norm(0u, Y, lid, count);
      if (lid == 0u) {
        chooseTrial(stateNorm, slopeNorm);
        control.mode = TRIAL_SLOPE;
      }
      continue;
    }
    if (s.mode == TRIAL_SLOPE) {
      for (var e = lid; e < SLOT; e += THREADS) { state[ERROR + e] = state[SLOT + e] - state[e]; }
      workgroupBarrier();
      let changeNorm = norm(ERROR, Y, lid, count);
      if (lid == 0u) {
        chooseFirstStep(changeNorm);
        control.mode = STAGE;
      }
      continue;
    }

    // The end of an attempt: y1 is the input of the last stage, or a sum.
    for (var e = lid; e < SLOT; e += THREADS) {
      if (job.firstSameAsLast == 0u) {
        state[X + e] = fma(s.h, slopeSum(e, weightsAt(), job.stages), state[Y + e]);
      }
      state[ERROR + e] = s.h * slopeSum(e, errorWeightsAt(), job.stages);
    }
    workgroupBarrier();
    let error = norm(select(ERROR, X, job.fixedSteps > 0u), X, lid, count);
    if (lid == 0u) { decide(error); }
    let d = workgroupUniformLoad(&control);
    if (d.accepts == 1u) {
      if (job.recordSlopes > 0u) {
        for (var e = lid; e < SLOT; e += THREADS) {
          let c = e % WIDTH; let rowInGroup = e / WIDTH;
          if (rowInGroup < count) {
            let record = ${records.row("group", "d.recorded", "rowInGroup")};
            if (c == 0u) { kept[${records.t("record")}] = d.t; kept[${records.h("record")}] = d.h; }
            if (c < D) {
              kept[${records.state("record", "c")}] = state[Y + e];
              for (var j = 0u; j < job.recordSlopes; j++) { kept[${
    records.slope("record", "j", "c")
  }] = state[j * SLOT + e]; }
            }
          }
        }
      }
      for (; nextTime < job.times; nextTime++) {
        let wanted = job.data[timesAt() + nextTime];
        if ((wanted - d.end) * job.direction > 0.0) { break; }
        let theta = (wanted - d.t) / (d.end - d.t);
        for (var j = lid; j < job.stages; j += THREADS) { dense[j] = denseWeight(theta, j); }
        workgroupBarrier();
        for (var e = lid; e < SLOT; e += THREADS) {
          var sum = 0.0;
${
    slopes.map((j) =>
      `          sum = select(sum, fma(dense[${j}], state[${j}u * SLOT + e], sum), ${j}u < job.stages);`
    ).join("\n")
  }
          let inside = fma(d.h, sum, state[Y + e]);
          if (e < count * WIDTH) {
            kept[(nextTime * job.rows + first) * WIDTH + e] = select(inside, state[X + e], wanted == d.end);
          }
        }
        workgroupBarrier();
      }
      for (var e = lid; e < SLOT; e += THREADS) {
        state[Y + e] = state[X + e];
        if (job.firstSameAsLast == 1u) { state[e] = state[(job.stages - 1u) * SLOT + e]; }
      }
    }
    if (lid == 0u) { settle(error); }
  }

  // The loops of an implementation that limits their iterations have ended by now.
  var canary = 0u;
  for (var i = 0u; i < job.three; i++) { canary += i; }
  if (lid == 0u) {
    control.nextTime = nextTime;
    if (canary != 3u) { control.status = CUT_SHORT; }
    if (job.recordSlopes > 0u) { kept[${records.count("group")}] = f32(control.recorded); }
  }
  let last = workgroupUniformLoad(&control);
  let hasFailed = last.status > FINISHED;
  for (var e = lid; e < count * WIDTH; e += THREADS) {
    reached[first * WIDTH + e] = select(state[Y + e], bitcast<f32>(job.quietNan), hasFailed);
    carried[first * WIDTH + e] = state[e];
    if (hasFailed) {
      for (var time = 0u; time < job.times; time++) { kept[(time * job.rows + first) * WIDTH + e] = bitcast<f32>(job.quietNan); }
    }
  }
  if (lid == 0u) { groups[group] = last; }
}
`;
  return {
    name: "solve",
    code,
    bindings: ["read", "read", "read", "readWrite", "readWrite", "readWrite", "readWrite", "read"],
    threads,
    workgroupBytes: variables.bytes,
  };
}
