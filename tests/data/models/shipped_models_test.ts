import assert from "node:assert/strict";
import { shippedFiles, shippedModels } from "../../../src/data/models/shipped_models.ts";
import { parseConfigJson } from "../../../src/train/config/config_file.ts";
import { decodeStateDict } from "../../../src/train/weights/state_dict.ts";

const folder = new URL("../../../data/models/", import.meta.url);

for (const name of shippedModels) {
  Deno.test(`${name}: the files, the config and the README are of the same weights`, async () => {
    const { config, weights } = await shippedFiles(name);
    const { step } = decodeStateDict(weights, name);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(weights)));
    const readme = Deno.readTextFileSync(new URL("README.md", folder));
    assert.ok(
      readme.includes(digest.toHex()),
      `the README has another SHA-256 than ${digest.toHex()}`,
    );
    assert.ok(readme.includes(`step ${step!.toLocaleString("en-US")}`), `${step}`);
    assert.equal(parseConfigJson(config, name).data, "mnist");
  });
}

Deno.test("shippedFiles() refuses other names", async () => {
  await assert.rejects(shippedFiles("mnist-resnet"), /no model of that name comes with Fluxion/);
});
