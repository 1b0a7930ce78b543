import assert from "node:assert/strict";
import { encodeSafetensors } from "../../src/train/weights/safetensors.ts";
import { encodeStateDict } from "../../src/train/weights/state_dict.ts";
import { initialParameters } from "../../src/nn/init.ts";
import { type Network, networkRecord } from "../../src/nn/network.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { inFolder } from "./_fluxion.ts";
import { watched } from "./_peak_memory.ts";

/** Sizes beyond any memory: refused in one line, before anything is laid out or allocated. */

const root = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

async function refused(folder: string, args: readonly string[], message: RegExp): Promise<void> {
  const begin = performance.now();
  const { code, stderr, peak } = await watched(folder, args);
  const seconds = (performance.now() - begin) / 1000;
  const context = `${args.join(" ")}: ${stderr}`;
  assert.equal(code, 2, context);
  assert.match(stderr, message, context);
  assert.ok(!stderr.includes("\n"), context);
  // A second and 200 MB on an otherwise idle machine.
  assert.ok(seconds < 6, `${context} after ${seconds} s`);
  assert.ok(peak < 244, `${context} with ${peak} MiB`);
}

Deno.test("sizes beyond any memory are refused within a second and 200 MB: options and --config", () =>
  inFolder(async (folder) => {
    const train = (...args: string[]) => ["train", ...args, "--steps", "1", "--run", "r"];
    await refused(
      folder,
      train("fm", "--net", "resnet", "--blocks", "1000000000"),
      /blocks: expected at most 10000, got 1000000000/,
    );
    await refused(folder, train("cnf", "--hidden", "200000"), /298\.0 GiB.*smaller --hidden/);
    await Deno.writeTextFile(`${folder}/c.json`, '{"net":"unet","filters":200000}');
    await refused(folder, train("fm", "--config", "c.json"), /56\.3 TiB.*fewer --filters/);
  }));

Deno.test("sizes beyond any memory are refused within a second and 200 MB: files and runs", () =>
  inFolder(async (folder) => {
    const tensor = (shape: number[], length: number) => ({
      name: "x_proj.weight",
      shape,
      values: new Float32Array(length),
    });
    const write = (name: string, bytes: Uint8Array) => Deno.writeFile(`${folder}/${name}`, bytes);
    // 2 MB whose first tensor implies two further matrices of 500,000 x 500,000.
    await write(
      "wide.safetensors",
      encodeSafetensors({ tensors: [tensor([500_000, 1], 500_000)], metadata: {} }),
    );
    await refused(
      folder,
      ["import", "cnf", "wide.safetensors"],
      /wide.safetensors: .*1\.8 TiB/,
    );
    await write(
      "empty.safetensors",
      encodeSafetensors({ tensors: [tensor([0, 1e12], 0)], metadata: {} }),
    );
    await refused(folder, ["import", "cnf", "empty.safetensors"], /row of the input|hidden/);
    // A valid run, with one number of its config.json changed at a time.
    const network: Network = mlpNetwork({ dims: 2, hidden: 8 });
    await write("w.safetensors", encodeStateDict(network, initialParameters(network, 0)));
    const made = await new Deno.Command("deno", {
      args: [
        ...["run", "-q", "--no-prompt", `--config=${root}/deno.json`, "-P=fluxion"],
        ...[`${root}/cli/main.ts`, "import", "cnf", "w.safetensors", "--run", "r"],
      ],
      cwd: folder,
      env: { INIT_CWD: folder },
    }).output();
    assert.equal(made.code, 0, new TextDecoder().decode(made.stderr));
    const config = JSON.parse(await Deno.readTextFile(`${folder}/r/config.json`));
    const edited = async (changes: Record<string, unknown>, message: RegExp) => {
      const text = JSON.stringify({ ...config, ...changes });
      await Deno.writeTextFile(`${folder}/r/config.json`, text);
      await refused(folder, ["sample", "r", "--n", "2", "--out", "-"], message);
    };
    await edited(
      { controlGroup: 16_000_000 },
      /16000000 rows .* 3328000000 bytes.*--control-group/,
    );
    await edited(
      { network: { ...networkRecord(network), hidden: 200_000 } },
      /config.json: network: .*298\.0 GiB/,
    );
    const images = { kind: "resnet", height: 28, width: 28, channels: 1, filters: 2 };
    await edited({ network: { ...images, blocks: 1e9 } }, /config.json: network: blocks/);
  }));
