/**
 * Pictures of a run: samples, trajectories and training curves.
 *
 * @module
 */
export { coordinatesOf, pictureTitle } from "./captions.ts";
export { densityPicture, type DensityPictureOptions } from "./density_picture.ts";
export {
  curvesPicture,
  PICTURED,
  rowKind,
  samplesPicture,
  type SamplesPictureOptions,
  TRAJECTORIES,
  trajectoriesPicture,
} from "./run_pictures.ts";
export { comparedCurvesPicture, type ComparedRun } from "./compared_curves.ts";
