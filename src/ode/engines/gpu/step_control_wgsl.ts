import { groupStatus } from "./control.ts";
import { IS_FINITE_WGSL } from "./prelude_wgsl.ts";

/** `maxStepsReached` as MAX_STEPS_REACHED. */
export function constantName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

const status = Object.entries(groupStatus).map(([name, value]) =>
  `const ${constantName(name)} = ${value}u;`
);

/**
 * The step control of a group in WGSL: the float32 form of solver/solve.ts and solver/step_control.ts. One
 * thread calls it, on a variable `control: Control`; it reads `job: Job`. Norms that are not finite are -1.
 */
export const STEP_CONTROL_WGSL = `
${status.join(" ")}
const SMALLEST_TRIAL = 1e-6;

${IS_FINITE_WGSL}

/** Chooses the step that measures how the slope changes. */
fn chooseTrial(stateNorm: f32, slopeNorm: f32) {
  var trial = SMALLEST_TRIAL;
  if (stateNorm >= 1e-5 && slopeNorm >= 1e-5) { trial = 0.01 * stateNorm / slopeNorm; }
  control.trial = job.direction * trial;
  control.slopeNorm = slopeNorm;
  control.sawNonFinite = select(0u, 1u, slopeNorm < 0.0);
}

/** Chooses the first step, after the trial. */
fn chooseFirstStep(changeNorm: f32) {
  let trial = abs(control.trial);
  let curvature = changeNorm / trial;
  var size = pow(0.01 / max(control.slopeNorm, curvature), 1.0 / job.errorOrder);
  if (control.slopeNorm <= 1e-15 && curvature <= 1e-15) { size = max(SMALLEST_TRIAL, trial * 1e-3); }
  size = min(100.0 * trial, size);
  if (control.slopeNorm < 0.0 || changeNorm < 0.0 || !isFinite(size)) { size = SMALLEST_TRIAL; }
  control.h = job.direction * size;
  control.hasSlope = 1u;
  control.begins = 1u;
}

/** Checks the budget and sets the end of the step, or ends the solve. */
fn begin() {
  control.begins = 0u;
  control.stage = select(0u, 1u, control.hasSlope == 1u);
  if (control.tried >= job.cap) { control.status = PAUSED; control.begins = 1u; return; }
  if (job.fixedSteps > 0u) {
    let step = control.accepted;
    control.t = fma(f32(step), job.h, job.t0);
    control.end = fma(f32(step + 1u), job.h, job.t0);
    if (step + 1u == job.fixedSteps) { control.end = job.t1; }
    return;
  }
  if (control.accepted + control.rejected >= job.maxSteps) { control.status = MAX_STEPS_REACHED; return; }
  if (!(abs(control.h) > 0.0) || control.t + control.h == control.t) {
    control.status = select(STEP_SIZE_UNDERFLOW, NON_FINITE, control.sawNonFinite == 1u);
    return;
  }
  let left = job.t1 - control.t;
  if (abs(control.h) >= abs(left)) { control.h = left; control.end = job.t1; }
  else { control.end = control.t + control.h; }
}

/** The factor of the controller for an attempt of this scaled error. */
fn stepFactor(error: f32) -> f32 {
  if (error < 0.0) { return job.shrinkRejected; }
  if (error == 0.0) { return job.growth; }
  var wanted = job.safety / pow(error, job.exponent1);
  if (job.exponent2 != 0.0) { wanted /= pow(control.error2, job.exponent2); }
  if (job.exponent3 != 0.0) { wanted /= pow(control.error3, job.exponent3); }
  let least = select(job.shrinkRejected, job.shrinkAccepted, error < 1.0);
  let most = select(job.growth, job.safety, error > 1.0);
  return min(most, max(wanted, least));
}

/** Decides on the attempt that has just been made. */
fn decide(error: f32) {
  control.tried += 1u;
  control.begins = 1u;
  if (job.fixedSteps > 0u) {
    control.accepts = select(0u, 1u, error >= 0.0);
    if (error < 0.0) { control.status = NON_FINITE; }
    return;
  }
  control.accepts = select(0u, 1u, error >= 0.0 && error <= 1.0);
  control.sawNonFinite = select(0u, 1u, error < 0.0);
}

/** Goes on from the attempt that has been decided. */
fn settle(error: f32) {
  control.hasSlope = select(1u, job.firstSameAsLast, control.accepts == 1u);
  if (control.accepts == 1u) {
    control.accepted += 1u;
    control.recorded += 1u;
    control.t = control.end;
    if (control.end == job.t1 || control.accepted == job.fixedSteps) { control.status = FINISHED; }
  }
  if (job.fixedSteps == 0u) {
    if (control.accepts == 0u) { control.rejected += 1u; }
    control.h = control.h * stepFactor(error);
    if (control.accepts == 1u) {
      control.error3 = control.error2;
      control.error2 = max(error, 1e-4);
    }
  }
}
`;
