/**
 * Names of the built-in data sets: known distributions, then downloadable images. A separate module,
 * so that help and completions need not load the data sets.
 */
export const datasetNames: readonly string[] = [
  "moons",
  "8gaussians",
  "checkerboard",
  "mnist",
  "fashion-mnist",
  "kmnist",
];
