import { pullBackDivergence, recompute } from "../../../../ops/mlp_field/simd.part.as";
import { pullBackEnergies, recomputeWithEnergies } from "../../../../ops/mlp_field/simd_energies.part.as";
import { LANE_BYTES, LANES, Net } from "../../../../ops/mlp_field/net.layout.part.as";
import { COLUMN_BYTES, Job } from "../job.layout.part.as";
import { Scratch } from "./scratch.part.as";

/**
 * The VJP of the trace, with the energies where the state carries them:
 *   dlogp/dt = -div f,  dkinetic/dt = |f|^2,  djacobian/dt = sum of |J e|^2
 * Nothing depends on these parts, so their cotangents are constant along the trajectory.
 */

/** Recomputes a stage's activations of a tile. */
export function recomputeStage(
  job: Job,
  s: Scratch,
  x: usize,
  act: usize,
  directions: usize,
  traced: bool,
): void {
  const net: Net = job;
  if (traced && job.energies) {
    recomputeWithEnergies(net, s.bias, x, act, directions, s.spare);
  } else recompute(net, s.bias, x, act, directions, s.spare, traced);
}

/**
 * VJP of the trace of a tile for `h * b` times the cotangents of its state's parts.
 *
 * @param parts The cotangents of logp and what follows it, float64 columns.
 */
export function pullBackTrace(
  job: Job,
  s: Scratch,
  h: f64,
  b: f64,
  parts: usize,
  act: usize,
  directions: usize,
  probes: usize,
  stage: usize,
  lanes: usize,
): void {
  const net: Net = job;
  const c = s.f;
  for (let i: usize = 0; i < <usize>LANES; i++) {
    store<f32>(c + i * 4, <f32>(-(h * (b * load<f64>(parts + i * 8)))));
  }
  if (!job.energies) {
    pullBackDivergence(net, act, directions, probes, c, stage, s.spare, lanes);
    return;
  }
  const ofJacobian = parts + 2 * COLUMN_BYTES;
  for (let i: usize = 0; i < <usize>LANES; i++) {
    store<f32>(c + LANE_BYTES + i * 4, <f32>(h * (b * load<f64>(ofJacobian + i * 8))));
  }
  const w = c + <usize>(net.dims + 3) * LANE_BYTES;
  pullBackEnergies(net, act, directions, probes, c, stage, s.spare, lanes, w);
}

/** Adds `scale` times the cotangent that |f|^2 gives to that of f, a plane [dims]. */
export function addKinetic(job: Job, scale: f64, parts: usize, f: usize, a: usize): void {
  if (!job.energies) return;
  const ofKinetic = parts + COLUMN_BYTES;
  for (let i = 0; i < job.dims * LANES; i++) {
    const c = scale * load<f64>(ofKinetic + <usize>(i % LANES) * 8);
    const at = a + <usize>i * 4;
    store<f32>(at, load<f32>(at) + <f32>(2 * c * load<f64>(f + <usize>i * 8)));
  }
}
