import assert from "node:assert/strict";
import { initialParameters } from "../../../src/nn/init.ts";
import type { Network } from "../../../src/nn/network.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../../src/train/run/checkpoint.ts";
import { decodeSafetensors } from "../../../src/train/weights/safetensors.ts";

const network: Network = mlpNetwork({ dims: 2, hidden: 4 });
const vector = (seed: number) => initialParameters(network, seed);
const checkpoint = {
  step: 17,
  seed: 2 ** 53 - 1,
  weights: vector(1),
  ema: vector(2),
  moments: { m: vector(3), v: vector(4) },
};

Deno.test("decodeCheckpoint() inverts encodeCheckpoint()", () => {
  const best = { step: 10, loss: -0.1 / 3, weights: vector(5) };
  const states = [
    { step: 0, stale: 0, best: null, stoppedFor: null },
    { step: 12, stale: 3, best, stoppedFor: 300 },
  ];
  for (
    const given of [
      checkpoint,
      { ...checkpoint, ema: null },
      ...states.map((validation) => ({ ...checkpoint, validation })),
    ]
  ) {
    assert.deepEqual(decodeCheckpoint(encodeCheckpoint(network, given), "x", network), given);
  }
});

Deno.test("encodeCheckpoint() uses the documented names", () => {
  const { tensors } = decodeSafetensors(encodeCheckpoint(network, checkpoint), "x");
  const names = new Set(tensors.map(({ name }) => name));
  for (const lead of ["", "ema.", "optimizer.m.", "optimizer.v."]) {
    assert.ok(names.has(`${lead}backbone.2.bias`), lead);
  }
  const step = tensors.find(({ name }) => name === "step")!;
  assert.deepEqual(step.values, BigInt64Array.of(17n));
});

Deno.test("decodeCheckpoint() refuses best weights without a finite loss", () => {
  const best = { step: 10, loss: NaN, weights: vector(5) };
  const validation = { step: 12, stale: 3, best, stoppedFor: null };
  const bytes = encodeCheckpoint(network, { ...checkpoint, validation });
  assert.throws(() => decodeCheckpoint(bytes, "c.st", network), {
    name: "InputError",
    message: "c.st: validation.best_loss is not a finite F64; not a checkpoint",
  });
});

Deno.test("decodeCheckpoint() names the first tensor of another architecture", () => {
  const bytes = encodeCheckpoint(network, checkpoint);
  assert.throws(() => decodeCheckpoint(bytes, "c.st", mlpNetwork({ dims: 5, hidden: 4 })), {
    name: "InputError",
    message: /^c\.st: x_proj\.weight has shape \[4,2\], the model's is \[4,5\]/,
  });
});

Deno.test("decodeCheckpoint() refuses a file without a step", () => {
  const bytes = encodeCheckpoint(network, checkpoint);
  const text = new TextDecoder("latin1").decode(bytes).replace('"step"', '"stop"');
  const broken = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  broken.set(bytes.subarray(-500), bytes.length - 500);
  assert.throws(() => decodeCheckpoint(broken, "c.st", network), {
    name: "InputError",
    message: /expected step as one I64/,
  });
});
