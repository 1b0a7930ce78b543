/**
 * The pictures of a run: its samples, trajectories and curves.
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
  trajectoriesPicture,
  WAYS,
} from "./run_pictures.ts";
