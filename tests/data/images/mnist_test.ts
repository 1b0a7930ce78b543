import assert from "node:assert/strict";
import { embeddedMnistContent } from "../../../src/data/images/embedded_mnist.ts";
import { readIdxFolder } from "../../../src/data/images/idx_folder.ts";
import { packMnist, unpackMnist } from "../../../src/data/images/packed_mnist.ts";
import { verifyDataset } from "../../../src/data/downloads/verify.ts";

const original = new URL("../../../../shared/data/mnist", import.meta.url).pathname;
const present = await Deno.stat(original).then(() => true, () => false);

Deno.test("verifyDataset() finds the embedded MNIST intact", async () => {
  assert.deepEqual(await verifyDataset("mnist", null), [{ path: "embedded mnist", problem: null }]);
});

Deno.test({
  name: "the embedded MNIST is the original, pixel by pixel, above 128",
  ignore: !present, // the IDX files (11 MB) are not in the repository
  fn: async () => {
    const { train, test } = await readIdxFolder(original);
    const dataset = unpackMnist(await embeddedMnistContent());
    for (const [half, table] of [[train, dataset.train], [test, dataset.test]] as const) {
      assert.deepEqual(table.labels, half.labels);
      assert.equal(table.count, half.images.count);
      const out = new Float32Array(784);
      let wrong = 0;
      for (let image = 0; image < table.count; image++) {
        table.read([image], out);
        for (let p = 0; p < 784; p++) {
          if ((half.images.grey[image * 784 + p]! > 128 ? 1 : 0) !== out[p]) wrong++;
        }
      }
      assert.equal(wrong, 0);
    }
  },
});

Deno.test("the packed file is at most 2.5 MB, and its README has its hashes", async () => {
  const folder = new URL("../../../data/mnist/", import.meta.url);
  const file = await Deno.readFile(new URL("mnist.bits.gz", folder));
  assert.ok(file.length <= 2.5e6, `${file.length} bytes`);
  const readme = await Deno.readTextFile(new URL("README.md", folder));
  for (const bytes of [file, await embeddedMnistContent()]) {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    assert.ok(readme.includes(hash), `README.md lacks ${hash}`);
  }
});

Deno.test("packMnist() refuses train and test sets of another size", () => {
  const half = { grey: new Uint8Array(784), labels: new Uint8Array(1) };
  assert.throws(() => packMnist(half, half), RangeError);
  assert.throws(() => unpackMnist(new Uint8Array(9)), RangeError);
});
