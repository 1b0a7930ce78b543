/**
 * The names under which data sets are opened: known distributions, then files to download. A module
 * of its own, so that help and completions need not load what they name.
 */
export const datasetNames: readonly string[] = [
  "moons",
  "8gaussians",
  "checkerboard",
  "mnist",
  "fashion-mnist",
  "kmnist",
];
