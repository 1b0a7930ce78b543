/**
 * A 512x512 matrix product and the convolutions of an image network at batch 64 on one thread, in
 * turn: Fluxion's kernels, tfjs's own, PyTorch's if installed, and the register-only loop that
 * defines a core's peak. For kernel development; the recorded benchmarks are in cpu.ts.
 *
 *   deno run -A tests/bench/kernels.ts [rounds]
 */
import * as tf from "@tensorflow/tfjs";
import { openPeak } from "./peak.ts";
import { Peer } from "./peers/peer.ts";
import { findPython } from "./peers/python.ts";
import { openCpu } from "./workloads/setup.ts";
import { median } from "./turns.ts";

const rounds = Number(Deno.args[0] ?? 9);
const { tfName } = await openCpu(1);
const found = await findPython(null);
const python = found?.packages.torch
  ? new Peer(found, { script: "kernels.py", args: [], threads: 1 })
  : null;
const peakNow = openPeak();

interface Work {
  readonly name: string;
  /** Command for the peer. */
  readonly command: string;
  readonly operations: number;
  /** Whether tfjs's own backend supports it. */
  readonly stock: boolean;
  run(): tf.Tensor;
}

const [a, b] = [tf.randomNormal([512, 512]), tf.randomNormal([512, 512])];
const works: Work[] = [{
  ...{ name: "product 512x512x512", command: "gemm", operations: 2 * 512 ** 3, stock: true },
  run: () => tf.matMul(a, b),
}];
for (
  const [cin, cout, size, kernel] of [
    [32, 32, 28, 3],
    [32, 32, 28, 1],
    [64, 64, 14, 3],
    [128, 64, 14, 3],
    [64, 64, 7, 3],
    [32, 1, 28, 3],
  ] as const
) {
  const x = tf.randomNormal([64, size, size, cin]) as tf.Tensor4D;
  const filter = tf.randomNormal([kernel, kernel, cin, cout]) as tf.Tensor4D;
  const dy = tf.randomNormal([64, size, size, cout]);
  const attrs = { strides: 1, pad: "same", dataFormat: "NHWC", dilations: 1 };
  const run = (name: string, inputs: tf.NamedTensorMap, shapes: object = {}) => () =>
    tf.engine().runKernel(
      name,
      inputs,
      { ...attrs, ...shapes } as unknown as tf.NamedAttrMap,
    ) as tf.Tensor;
  const operations = 2 * 64 * size * size * kernel * kernel * cin * cout;
  const words = `${kernel}x${kernel}, ${size}x${size}, ${cin} to ${cout}`;
  const command = [cin, cout, size, kernel].join(" ");
  works.push({
    ...{ name: `convolution ${words}`, command: `forward ${command}`, operations, stock: true },
    run: run("Conv2D", { x, filter }),
  }, {
    ...{ name: "  gradient for the input", command: `input ${command}`, operations, stock: true },
    run: run("Conv2DBackpropInput", { dy, filter }, { inputShape: x.shape }),
  }, {
    ...{ name: "  gradient for the filter", command: `filter ${command}` },
    ...{ operations, stock: false },
    run: run("Conv2DBackpropFilter", { x, dy }, { filterShape: filter.shape }),
  });
}

function timed(backend: string, { run }: Work): number {
  tf.setBackend(backend);
  const begin = performance.now();
  const result = run();
  const time = performance.now() - begin;
  result.dispose();
  return time;
}

console.log("medians in ms, and billions of nominal operations per second");
for (const work of works) {
  const times: number[][] = [[], [], [], []];
  for (let round = -3; round < rounds; round++) {
    const values = [
      timed(tfName, work),
      // A gradient takes 800 ms: three rounds are enough.
      work.stock && round < 3 ? timed("wasm", work) : null,
      python === null ? null : (await python.run(work.command)).ms,
      peakNow(),
    ];
    if (round >= 0) values.forEach((value, i) => value !== null && times[i]!.push(value));
  }
  const [ours, stock, theirs, peaks] = times.map((values) => values.length ? median(values) : NaN);
  const rate = work.operations / ours! / 1e6;
  console.log(
    `${work.name.padEnd(36)} ${ours!.toFixed(2).padStart(7)} ` +
      `(${rate.toFixed(0).padStart(3)}, ${(rate / peaks!).toFixed(2)} of the peak)  ` +
      `tfjs ${stock!.toFixed(2)} (${(stock! / ours!).toFixed(1)}x)  ` +
      `PyTorch ${theirs!.toFixed(2)} (${(theirs! / ours!).toFixed(2)}x)`,
  );
}
await python?.close();
