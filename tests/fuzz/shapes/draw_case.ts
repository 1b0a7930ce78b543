import fc from "fast-check";

/** A likelihood and samples of a ConditionalMLP with random weights. */
export interface PointsCase {
  readonly kind: "points";
  readonly dims: number;
  readonly hidden: number;
  readonly rows: number;
  readonly controlGroup: number | "batch";
  readonly trace: "exact" | "hutchinson";
  readonly solver: "euler" | "rk4";
  readonly threads: number;
}

/** One training step of a CNF over random points. */
export interface TrainingCase extends Omit<PointsCase, "kind" | "threads"> {
  readonly kind: "training";
  readonly gradient: "direct" | "adjoint";
}

/** One training step of flow matching over random images, and samples. */
export interface ImagesCase {
  readonly kind: "images";
  readonly net: "unet" | "resnet";
  readonly height: number;
  readonly width: number;
  readonly filters: number;
  readonly blocks: number;
  readonly batch: number;
  readonly controlGroup: number | "batch";
}

/** Shapes for whole commands. */
export type ShapesCase = PointsCase | TrainingCase | ImagesCase;

/** Multiply-adds of one evaluation at most: a second on a core. */
const MOST_WORK = 1e9;
/** Weights, and numbers of the points, at most: files of 80 MB. */
const MOST_NUMBERS = 2e7;

/** Evenly by orders of magnitude. */
function magnitude(least: number, most: number): fc.Arbitrary<number> {
  const ratio = most / least;
  return fc.noBias(fc.integer({ min: 0, max: 1_000_000 }))
    .map((part) => Math.round(least * ratio ** (part / 1_000_000)));
}

const controlGroup = fc.oneof(
  fc.constantFrom<number | "batch">("batch", 1, 7, 8, 9),
  magnitude(1, 1e9),
);

/** Made smaller, the largest first, until a case takes seconds. */
function affordable<Case extends PointsCase | TrainingCase>(drawn: Case): Case {
  let { dims, hidden, rows } = drawn;
  // Training ends with an evaluation by the exact trace, of some hundred times the work.
  const isTraining = drawn.kind === "training";
  const mostWork = isTraining ? MOST_WORK / 200 : MOST_WORK;
  const directions = () => isTraining || drawn.trace === "exact" ? dims : 1;
  const tiles = () => Math.ceil(rows / 8) * 8;
  const work = () => tiles() * (1 + directions()) * 2 * hidden * (hidden + dims / directions());
  const numbers = () => Math.max(2 * hidden * (hidden + dims), rows * (dims + 1));
  while (work() > mostWork || numbers() > MOST_NUMBERS) {
    if (rows > 8) rows = Math.floor(rows / 2);
    else if (hidden > dims) hidden = 2 * Math.floor(hidden / 4) || 2;
    else dims = Math.ceil(dims / 2);
  }
  return { ...drawn, dims, hidden, rows };
}

const network = {
  dims: magnitude(1, 60_000),
  hidden: magnitude(1, 2048).map((half) => 2 * half),
  rows: magnitude(1, 20_000),
  controlGroup,
  trace: fc.constantFrom("exact" as const, "hutchinson" as const),
  solver: fc.constantFrom("euler" as const, "rk4" as const),
};

const points: fc.Arbitrary<PointsCase> = fc.record({
  kind: fc.constant("points" as const),
  threads: fc.constantFrom(1, 2, 3),
  ...network,
}).map((drawn) => affordable(drawn));

const training: fc.Arbitrary<TrainingCase> = fc.record({
  kind: fc.constant("training" as const),
  gradient: fc.constantFrom("direct" as const, "adjoint" as const),
  ...network,
}).map((drawn) => affordable(drawn));

const images: fc.Arbitrary<ImagesCase> = fc.record({
  kind: fc.constant("images" as const),
  net: fc.constantFrom("unet" as const, "resnet" as const),
  height: magnitude(1, 300),
  width: magnitude(1, 300),
  filters: magnitude(1, 32).map((quarter) => 4 * quarter),
  blocks: magnitude(1, 6),
  batch: magnitude(1, 300),
  controlGroup,
}).map((drawn) => {
  let { batch, filters, height, width } = drawn;
  while (batch * height * width * filters * (9 * filters + 200) * 20 > 3 * MOST_WORK) {
    if (batch > 2) batch = Math.floor(batch / 2);
    else if (height * width > 64) [height, width] = [Math.ceil(height / 2), Math.ceil(width / 2)];
    else filters = Math.max(4, 4 * Math.floor(filters / 8));
  }
  return { ...drawn, batch, filters, height, width };
});

/** Case `index` of a seed. */
export function drawCase(seed: number, index: number): ShapesCase {
  const kinds = [points, training, images];
  const [drawn] = fc.sample<ShapesCase>(kinds[index % kinds.length]!, {
    seed: (seed * 100_003 + index) | 0,
    numRuns: 1,
  });
  return drawn!;
}
