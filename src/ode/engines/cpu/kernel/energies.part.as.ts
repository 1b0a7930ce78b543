import { recompute } from "../../../../ops/mlp_field/simd.part.as";
import { pullBackEnergies, recomputeWithEnergies } from "../../../../ops/mlp_field/simd_energies.part.as";
import { pullBackDivergence } from "../../../../ops/mlp_field/simd_pull_back.part.as";
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
 * Writes h * b times the cotangents of a trace, and with energies those of |J e|^2, [8] each.
 *
 * @param parts The cotangents of logp and what follows it, float64 columns.
 */
export function traceCotangents(job: Job, h: f64, b: f64, parts: usize, c: usize): void {
  for (let i: usize = 0; i < <usize>LANES; i++) {
    store<f32>(c + i * 4, <f32>(-(h * (b * load<f64>(parts + i * 8)))));
  }
  if (!job.energies) return;
  const ofJacobian = parts + 2 * COLUMN_BYTES;
  for (let i: usize = 0; i < <usize>LANES; i++) {
    store<f32>(c + LANE_BYTES + i * 4, <f32>(h * (b * load<f64>(ofJacobian + i * 8))));
  }
}

/**
 * VJP of the trace of one or two tiles for the {@link traceCotangents} in `f`; states with energies are
 * pulled back one tile at a time.
 */
export function pullBackTrace(
  job: Job,
  s: Scratch,
  tiles: i32,
  stride: usize,
  act: usize,
  actStride: usize,
  directions: usize,
  directionStride: usize,
  probes: usize,
  stage: usize,
  lanes: usize,
): void {
  const net: Net = job;
  const c = s.f;
  if (job.energies) {
    const w = c + <usize>(net.dims + 3) * LANE_BYTES;
    pullBackEnergies(net, act, directions, probes, c, stage, s.spare, lanes, w);
    return;
  }
  pullBackDivergence(
    net,
    tiles,
    stride,
    act,
    actStride,
    directions,
    directionStride,
    probes,
    c,
    stage,
    s.spare,
    lanes,
  );
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
