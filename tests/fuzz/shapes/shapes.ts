import assert from "node:assert/strict";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { encodeStateDict } from "../../../src/train/weights/state_dict.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { builds, fluxion, type Outcome, portableValues } from "./builds.ts";
import {
  drawCase,
  type ImagesCase,
  type PointsCase,
  type ShapesCase,
  type TrainingCase,
} from "./draw_case.ts";
import { writeNpy } from "./npy.ts";
import { inFolder } from "../../support/in_folder.ts";

/** Until when cases are tried. */
export type FuzzShapesOptions =
  & {
    readonly seed: number;
    /** Number of the first case; 0 when left out. */
    readonly from?: number;
  }
  & ({ readonly cases: number } | { readonly minutes: number });

/** What was tried. */
export interface FuzzShapesResult {
  readonly cases: number;
  /** Commands that ended with a result; the others were refused in one line. */
  readonly succeeded: number;
}

/**
 * Whole commands on random shapes near the limits: the program without checks of bounds, the
 * program with them, and for likelihoods the portable engine. Both programs end alike, by a result or
 * by one line, never by a signal, and their results have the same bits; the portable engine's values
 * are near.
 *
 * @throws {AssertionError} With the seed and the number of the case.
 */
export async function fuzzShapes(options: FuzzShapesOptions): Promise<FuzzShapesResult> {
  const { seed, from = 0 } = options;
  const until = "minutes" in options ? performance.now() + 60_000 * options.minutes : Infinity;
  const most = "cases" in options ? options.cases : Infinity;
  let succeeded = 0, index = from;
  for (; index < from + most && performance.now() < until; index++) {
    const drawn = drawCase(seed, index);
    try {
      succeeded += await tryCase(drawn);
    } catch (error) {
      const where = `seed ${seed}, case ${index}: ${JSON.stringify(drawn)}`;
      throw new assert.AssertionError({ message: `${where}\n${(error as Error).message}` });
    }
  }
  return { cases: index - from, succeeded };
}

/** Tries one case; returns how many commands ended with a result. */
async function tryCase(drawn: ShapesCase): Promise<number> {
  return await inFolder(async (folder) => {
    switch (drawn.kind) {
      case "points":
        return await tryPoints(drawn, folder);
      case "training":
        return await tryTraining(drawn, folder);
      case "images":
        return await tryImages(drawn, folder);
      default:
        return drawn satisfies never;
    }
  });
}

/** Runs a command in each build; `result` is what has to have the same bits. Null where it was refused. */
async function inEach(
  folder: string,
  args: (build: string) => readonly string[],
  result: (build: string, outcome: Outcome) => Promise<string | Uint8Array>,
): Promise<string | Uint8Array | null> {
  const outcomes: Outcome[] = [], results: (string | Uint8Array)[] = [];
  for (const build of builds) {
    const outcome = await fluxion(build, folder, args(build));
    const { code, signal, stderr } = outcome;
    const what = `${build}: ${args(build).join(" ")}: exit ${code} ${signal ?? ""}\n${stderr}`;
    assert.equal(signal, null, what);
    assert.ok([0, 1, 2].includes(code), what);
    const last = stderr.split("\n").at(-1)!;
    if (code !== 0) assert.ok(/^fluxion: /.test(last) && !last.includes("(unexpected"), what);
    outcomes.push(outcome);
    if (code === 0) results.push(await result(build, outcome));
  }
  const [fast, safe] = outcomes;
  assert.equal(
    fast!.code,
    safe!.code,
    `${args("BUILD").join(" ")}: ${fast!.stderr} ${safe!.stderr}`,
  );
  if (fast!.code !== 0) return null;
  assert.deepEqual(results[0], results[1], `fast and safe differ: ${args("BUILD").join(" ")}`);
  return results[0]!;
}

function normals(count: number, subsequence: number): Float32Array {
  const numbers = new Float32Array(count);
  fillNormal({ seed: 1, stream: 7, subsequence }, 0, numbers);
  return numbers;
}

async function tryPoints(drawn: PointsCase, folder: string): Promise<number> {
  const { dims, hidden, rows, controlGroup, trace, solver, threads } = drawn;
  const network = mlpNetwork({ dims, hidden });
  const weights = encodeStateDict(network, initialParameters(network, 1));
  await Deno.writeFile(`${folder}/w.safetensors`, weights);
  await Deno.writeFile(`${folder}/p.npy`, writeNpy(rows, dims, normals(rows * dims, 1)));
  const made = await inEach(
    folder,
    (build) => ["import", "cnf", "w.safetensors", "--run", build],
    (build) => Deno.readFile(`${folder}/${build}/model.safetensors`),
  );
  if (made === null) return 0;
  const settings = [
    ...["--solver", solver, "--solver-steps", "1", "--control-group", String(controlGroup)],
    ...["--trace", trace, "--threads", String(threads), "--backend", "cpu"],
  ];
  const values = await inEach(
    folder,
    (build) => ["log-prob", build, "--points", "p.npy", ...settings],
    (_, { stdout }) => Promise.resolve(stdout),
  );
  if (values !== null) {
    const args = ["safe", "p.npy", solver, "1", String(controlGroup), trace];
    const { code, stdout, stderr } = await portableValues(folder, args);
    // It may have too little memory where the fused engine has enough.
    if (code === 0) requireNear(numbersOf(values as string), numbersOf(stdout), dims);
    else assert.match(stderr, /InputError|FailureError|OutOfMemoryError/, stderr);
  }
  const sampled = await inEach(
    folder,
    (build) => ["sample", build, "--n", "3", "--log-prob", "--out", "-", ...settings],
    (_, { stdout }) => Promise.resolve(stdout),
  );
  return Number(values !== null) + Number(sampled !== null);
}

function numbersOf(text: string): number[] {
  return text.trim().split("\n").filter((line) => line !== "" && !/[a-z]{4}/i.test(line)).map(
    Number,
  );
}

/** Float32 over `dims` terms: a likelihood that was 0.15 wrong at 1,500 dimensions is not near. */
export function requireNear(
  values: readonly number[],
  expected: readonly number[],
  dims: number,
): void {
  assert.equal(values.length, expected.length);
  values.forEach((value, row) => {
    const bound = 1e-3 + 2e-5 * Math.max(dims, Math.abs(expected[row]!));
    const isNear = Math.abs(value - expected[row]!) <= bound || Object.is(value, expected[row]);
    assert.ok(isNear, `row ${row}: ${value}, the portable engine's is ${expected[row]}`);
  });
}

async function tryTraining(drawn: TrainingCase, folder: string): Promise<number> {
  const { dims, hidden, rows, controlGroup, trace, solver, gradient } = drawn;
  const count = Math.max(20, Math.ceil(1.3 * rows));
  await Deno.writeFile(`${folder}/p.npy`, writeNpy(count, dims, normals(count * dims, 2)));
  const trained = await inEach(
    folder,
    (build) => [
      ...["train", "cnf", "--data", "p.npy", "--run", build, "--steps", "1", "--quiet"],
      ...["--hidden", String(hidden), "--batch-size", String(rows), "--trace", trace],
      ...["--control-group", String(controlGroup), "--gradient", gradient, "--solver", solver],
      ...["--solver-steps", "1", "--backend", "cpu", "--threads", "2"],
    ],
    (build) => Deno.readFile(`${folder}/${build}/checkpoint.safetensors`),
  );
  return Number(trained !== null);
}

async function tryImages(drawn: ImagesCase, folder: string): Promise<number> {
  const { net, height, width, filters, blocks, batch, controlGroup } = drawn;
  const count = Math.max(12, Math.ceil(1.3 * batch));
  const header = new Uint8Array(16), view = new DataView(header.buffer);
  [0x803, count, height, width].forEach((word, i) => view.setUint32(4 * i, word));
  const pixels = Uint8Array.from(normals(count * height * width, 3), (x) => 128 + 60 * x);
  const idx = new Uint8Array([...header, ...pixels]);
  await Deno.writeFile(`${folder}/images-idx3-ubyte`, idx);
  const trained = await inEach(
    folder,
    (build) => [
      ...[
        "train",
        "fm",
        "--data",
        "images-idx3-ubyte",
        "--run",
        build,
        "--net",
        net,
        "--steps",
        "1",
      ],
      ...["--filters", String(filters), "--batch-size", String(batch), "--quiet"],
      ...(net === "resnet" ? ["--blocks", String(blocks)] : []),
      ...["--solver", "euler", "--solver-steps", "1", "--backend", "cpu", "--threads", "2"],
    ],
    (build) => Deno.readFile(`${folder}/${build}/checkpoint.safetensors`),
  );
  if (trained === null) return 0;
  const sampled = await inEach(
    folder,
    (build) => [
      ...["sample", build, "--n", "3", "--out", `${build}.npy`, "--solver", "euler"],
      ...["--solver-steps", "1", "--backend", "cpu", "--control-group", String(controlGroup)],
    ],
    (build) => Deno.readFile(`${folder}/${build}.npy`),
  );
  return 1 + Number(sampled !== null);
}
