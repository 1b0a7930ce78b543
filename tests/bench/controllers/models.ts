import type { PointDataset } from "../../../src/data/dataset.ts";
import { moons } from "../../../src/data/densities/moons.ts";
import { openDataset } from "../../../src/data/registry.ts";
import { subsequences } from "../../../src/core/random/subsequences.ts";
import type { TrainSpec } from "../../../src/train/train.ts";
import { train } from "../../../src/train/train.ts";
import { loadRun } from "../../../src/train/run/load_run.ts";

/** Pairs of moons side by side; each pair but the first is moved by the one before, so that columns depend on each other. */
function chainedMoons(pairs: number): PointDataset {
  const table = (part: number, count: number) => {
    const points = new Float32Array(2 * pairs * count);
    for (let pair = 0; pair < pairs; pair++) {
      const seed = pair + pairs * part;
      const drawn = moons.draw({ seed, from: subsequences.dataSet }, count).points;
      for (let row = 0; row < count; row++) {
        const at = 2 * (row * pairs + pair);
        for (const column of [0, 1]) {
          const before = pair === 0 ? 0 : points[at - 2 + column]!;
          points[at + column] = drawn[2 * row + column]! + 0.3 * before;
        }
      }
    }
    return { points, count, labels: null };
  };
  return {
    ...{ kind: "points", name: "chained-moons", dims: 2 * pairs },
    ...{ train: table(0, 4000), test: table(1, 1024), density: null, draw: null },
  };
}

/** The CNFs whose solves are compared, from smooth to stiff. */
export const models = {
  "moons, default": { model: "cnf", data: "moons", seed: 0 },
  "8 dimensions": { model: "cnf", data: "chained-moons", hidden: 32, steps: 400, seed: 0 },
  "checkerboard, 3,000 steps": { model: "cnf", data: "checkerboard", steps: 3000, seed: 0 },
} as const satisfies Readonly<Record<string, TrainSpec>>;

/** The name of a model. */
export type ModelName = keyof typeof models;

/**
 * A model of the table with rows of its test data and its weights; it is trained if `folder` lacks it.
 *
 * @returns The caller disposes the model's parameters.
 */
export async function trainedModel(
  name: ModelName,
  { folder, rows }: { readonly folder: string; readonly rows: number },
) {
  const run = `${folder}/${name.replaceAll(/[^a-z0-9]+/g, "-")}`;
  const quiet = { evalEvery: 0, sampleEvery: 0, saveSeconds: 600 };
  const open: typeof openDataset = (data, options) =>
    data === "chained-moons" ? Promise.resolve(chainedMoons(4)) : openDataset(data, options);
  const isThere = await Deno.stat(`${run}/model.safetensors`).then(() => true, () => false);
  const spec = isThere ? { model: models[name].model } : { ...models[name], ...quiet };
  await train(spec, { run, mode: isThere ? "resume" : "new", openDataset: open });
  const { model } = await loadRun(run);
  const data = await open(models[name].data, { seed: 0 });
  if (data.kind !== "points") throw new Error(`${name}: expected points`);
  const test = Float32Array.from(data.test.points.slice(0, rows * data.dims));
  return { model, test, parameters: Float64Array.from(await model.parameters.read()) };
}
