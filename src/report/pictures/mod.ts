/**
 * Pictures of a run: samples, trajectories and training curves.
 *
 * @module
 */
export {
  curvesPicture,
  evenTimes,
  lossReference,
  PICTURED,
  rowKind,
  samplesPicture,
  TRAJECTORIES,
  trajectoriesPicture,
} from "./run_pictures.ts";
export { comparedCurvesPicture, type ComparedRun } from "./compared_curves.ts";
