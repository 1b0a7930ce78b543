import assert from "node:assert/strict";
import { odeint, openDataset, type OpenOptions, tableaus } from "../../mod.ts";
import { inFolder } from "../cli/_fluxion.ts";
import { inputs } from "./cases.ts";
import { digest } from "./digest.ts";
import { writeInputFiles } from "./input_files.ts";
import type { Results } from "./run_case.ts";

/** Polynomial: sums and products have the same bits everywhere. */
const vanDerPol = (_t: number, y: Float64Array) => [y[1]!, 3 * (1 - y[0]! * y[0]!) * y[1]! - y[0]!];

const times = [0, 0.3, 1.1, 2];

const solves = {
  "dopri5": ["dopri5", { kind: "adaptive", rtol: 1e-7, atol: 1e-9 }],
  "dopri5 with given steps": [
    "dopri5",
    { kind: "adaptive", rtol: 1e-4, atol: 1e-4, firstStep: 0.01, maxStep: 0.2 },
  ],
  "dopri5 with stop times": [
    "dopri5",
    { kind: "adaptive", rtol: 1e-5, atol: 1e-5, stopTimes: [0.5, 1.5] },
  ],
  "rk4": ["rk4", { kind: "fixed", steps: 20 }],
  "rk4-classic": ["rk4-classic", { kind: "fixed", steps: 20 }],
  "midpoint": ["midpoint", { kind: "fixed", steps: 7 }],
  "euler": ["euler", { kind: "fixed", steps: 7 }],
} as const;

/** Evaluations of each solve of {@link solves}, and digests of its states, forwards and backwards in time. */
export async function observeOdeint(): Promise<Results> {
  const results: Results = {};
  for (const [name, [tableau, control]] of Object.entries(solves)) {
    for (
      const [direction, at] of [["forwards", times], ["backwards", times.toReversed()]] as const
    ) {
      const options = { tableau: tableaus[tableau]!, control };
      const { states, report } = await odeint(vanDerPol, [1, 0.5], at, options);
      results[`${name} ${direction}: nfe`] = [report.nfe];
      results[`${name} ${direction}: states`] = await digest(...states);
    }
  }
  return results;
}

/** Digests of data: drawn ones, and those of files after the split. */
export async function observeData(): Promise<Results> {
  const options: OpenOptions = { seed: 3, binarize: true, dataDir: null };
  const results: Results = {};
  const digestOf = (...tables: readonly ArrayLike<number>[]) =>
    digest(...tables.map((table) => Float64Array.from(table)));
  for (const name of ["moons", "8gaussians", "checkerboard"]) {
    const data = await openDataset(name, options);
    assert.ok(data.kind === "points" && data.draw !== null);
    results[`${name}: train`] = await digestOf(data.train.points, data.train.labels ?? []);
    results[`${name}: test`] = await digestOf(data.test.points, data.test.labels ?? []);
    results[`${name}: draw`] = await digestOf(data.draw(4, 100));
  }
  await inFolder(async (folder) => {
    await writeInputFiles(folder);
    const points = await openDataset(`${folder}/${inputs.table}`, options);
    const images = await openDataset(`${folder}/${inputs.images}`, options);
    assert.ok(points.kind === "points" && images.kind === "images");
    results["table: test"] = await digestOf(points.test.points);
    const { count } = images.test;
    const pixels = new Float32Array(count * images.height * images.width);
    images.test.read(Array.from({ length: count }, (_, i) => i), pixels);
    results["images: test"] = await digest(pixels);
  });
  return results;
}
