import assert from "node:assert/strict";
import { reorderAxes } from "../../src/core/parameters.ts";
import { initialParameters } from "../../src/nn/init.ts";
import { type Network, type NetworkRecord, networkRecord } from "../../src/nn/network.ts";
import { createNetwork } from "../../src/nn/registry.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { resnetNetwork } from "../../src/nn/resnet/network.ts";
import { unetNetwork } from "../../src/nn/unet/network.ts";
import { InputError } from "../../src/core/errors.ts";

const mlp = mlpNetwork({ dims: 2, hidden: 128 });
const resnet = resnetNetwork({
  height: 28,
  width: 28,
  channels: 1,
  filters: 32,
  blocks: 4,
});

const unet = unetNetwork({ height: 28, width: 28, channels: 1, filters: 32 });

Deno.test("layout of a unet has docs/unet.py's number of parameters", () => {
  assert.equal(unet.layout.size, 399_585);
});

Deno.test("initialParameters() of a unet: scales one, the last layer of each branch zero", () => {
  const flat = initialParameters(unet, 0);
  for (const { name, offset, size } of unet.layout.entries) {
    const values = flat.subarray(offset, offset + size);
    if (/norm\d?\.weight$/.test(name)) assert.ok(values.every((value) => value === 1), name);
    else if (/norm|conv2|^last\./.test(name)) assert.ok(values.every((v) => v === 0), name);
    else assert.ok(values.every((value) => value !== 0), name);
  }
});

Deno.test("layout has PyTorch's names, shapes and number of parameters", () => {
  const shapes = Object.fromEntries(
    resnet.layout.entries.map(({ name, shape }) => [name, shape]),
  );
  assert.deepEqual(shapes["first_block.0.weight"], [32, 1, 3, 3]);
  assert.deepEqual(shapes["layers.3.block.2.weight"], [32, 32, 3, 3]);
  assert.deepEqual(shapes["layers.3.block.4.bias"], [32]);
  assert.deepEqual(shapes["last_block.1.weight"], [1, 32, 3, 3]);
  // sum(p.numel() for p in model.parameters()) of the PyTorch classes
  assert.equal(resnet.layout.size, 46_049);
  assert.equal(mlp.layout.size, 33_666);
});

Deno.test("initialParameters() fills PyTorch's bounds and stays within them", () => {
  for (const network of [mlp, resnet]) {
    const flat = initialParameters(network, 0);
    for (const { name, offset, size, initialBound } of network.layout.entries) {
      const values = flat.subarray(offset, offset + size);
      const largest = Math.max(...values.map(Math.abs));
      assert.ok(largest <= initialBound, name);
      if (size < 500) continue;
      const mean = values.reduce((total, value) => total + value, 0) / size;
      const meanSquare = values.reduce((total, value) => total + value ** 2, 0) / size;
      // A uniform's variance is bound^2 / 3; five standard errors of mean and variance.
      assert.ok(Math.abs(mean) < 5 * initialBound / Math.sqrt(3 * size), name);
      assert.ok(Math.abs(3 * meanSquare / initialBound ** 2 - 1) < 5 * 0.9 / Math.sqrt(size), name);
    }
  }
});

Deno.test("initialParameters() depends on the seed and the tensor, not on the network's depth", () => {
  const of = (network: Network, seed: number, name: string) => {
    const entry = network.layout.entries.find((entry) => entry.name === name)!;
    const { offset, size } = entry;
    return reorderAxes(
      entry,
      initialParameters(network, seed).slice(offset, offset + size),
      "file",
    );
  };
  const name = "layers.0.block.2.weight";
  assert.deepEqual(of(resnet, 0, name), of(resnetNetwork({ ...resnet.sizes, blocks: 1 }), 0, name));
  assert.notDeepEqual(of(resnet, 0, name), of(resnet, 1, name));
  assert.notDeepEqual(of(resnet, 0, name), of(resnet, 0, "layers.1.block.2.weight"));
});

Deno.test("createNetwork() names the problem and the remedy", () => {
  for (const network of [mlp, resnet, unet]) {
    assert.deepEqual(networkRecord(createNetwork(networkRecord(network))), networkRecord(network));
  }
  const of = (network: Network, changes: object) => ({ ...networkRecord(network), ...changes });
  const refused: [NetworkRecord, RegExp][] = [
    [of(mlp, { hidden: 33 }), /hidden: expected an even number.*got 33; take 32 or 34/],
    [of(mlp, { hidden: 1 }), /take 2$/],
    [of(mlp, { dims: 0 }), /dims: expected a whole number of at least 1, got 0/],
    [of(mlp, { dims: "2" }), /dims: expected a whole number of at least 1, got "2"/],
    [of(mlp, { hidden: 1e5 }), /width 100000: its weights .* GiB .*; take a smaller `hidden`$/],
    [of(unet, { filters: 1e5 }), /100000 filters: its weights .*; take fewer `filters`$/],
    [of(resnet, { filters: 7 }), /filters: .*got 7/],
    [of(resnet, { blocks: NaN }), /blocks: .*got NaN/],
    [of(resnet, { height: 2.5 }), /height: .*got 2.5/],
    [of(unet, { filters: 30 }), /filters: .*multiple of 4, got 30; take 28 or 32/],
    [of(unet, { filters: 2 }), /multiple of 4, got 2; take 4/],
    [of(unet, { channels: 0 }), /channels: .*got 0/],
    [of(unet, { kind: "vit" }), /kind vit is not one of mlp, resnet, unet; .*registerNetwork\(\)/],
  ];
  for (const [network, message] of refused) {
    assert.throws(() => createNetwork(network, "c.json"), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /^c\.json: network: [^\n]*$/);
      assert.match(error.message, message);
      return true;
    });
  }
});
