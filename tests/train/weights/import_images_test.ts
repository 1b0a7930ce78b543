import assert from "node:assert/strict";
import { initialParameters } from "../../../src/nn/init.ts";
import { unetNetwork } from "../../../src/nn/unet/network.ts";
import { importWeights } from "../../../src/train/weights/import_weights.ts";
import { readRunConfig } from "../../../src/train/run/load_run.ts";
import { encodeStateDict } from "../../../src/train/weights/state_dict.ts";
import { inFiles, picture } from "../../data/images/_png_folder.ts";

Deno.test("importWeights() takes the size of images from the data", async () => {
  const network = (channels: number) => unetNetwork({ height: 4, width: 8, channels, filters: 4 });
  const weights = (channels: number) =>
    encodeStateDict(network(channels), initialParameters(network(channels), 1), {});
  const pictures = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`in/${i}.png`, picture(20 * i)]),
  );
  const files = { ...pictures, "1.safetensors": weights(1), "3.safetensors": weights(3) };
  await inFiles({ ...files, "points.csv": "1,2\n".repeat(20) }, async (folder) => {
    for (const channels of [1, 3]) {
      const file = `${folder}/${channels}.safetensors`;
      const imported = async (data?: string) => {
        const run = `${folder}/run`;
        await importWeights("fm", file, { run, mode: "overwrite", ...(data && { data }) });
        return await readRunConfig(run);
      };
      // Grey pictures count as coloured ones for a network of three channels.
      const { network, config, dataFile } = await imported(`${folder}/in`);
      assert.deepEqual(network.image, { height: 2, width: 3, channels });
      assert.equal(config.binarize, false);
      assert.equal(dataFile!.rows, 10);
      assert.deepEqual((await imported()).network.image, { height: 28, width: 28, channels });
      await assert.rejects(() => imported(`${folder}/points.csv`), /holds points, the weights are/);
    }
  });
});
