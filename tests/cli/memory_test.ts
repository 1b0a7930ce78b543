import assert from "node:assert/strict";
import { initialParameters } from "../../src/nn/init.ts";
import type { Network } from "../../src/nn/network.ts";
import { unetNetwork } from "../../src/nn/unet/network.ts";
import { encodeStateDict } from "../../src/train/weights/state_dict.ts";
import { v8Flags } from "../../tools/v8_flags.ts";
import { inFolder, type Outcome } from "./_fluxion.ts";

/** Work beyond the CPU backend's memory, with the V8 flags of users; none may end by a signal. */

const root = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

async function fluxion(folder: string, ...args: string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      ...["run", "-q", "--no-prompt", "--frozen", `--config=${root}/deno.json`, "-P=fluxion"],
      ...[...v8Flags(Deno.build.arch), `${root}/cli/main.ts`, ...args],
    ],
    cwd: folder,
    env: { NO_COLOR: "1", INIT_CWD: folder },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Asserts exit code 2 and a single line of output. */
async function refused(folder: string, args: readonly string[], line: RegExp): Promise<void> {
  const { code, stderr } = await fluxion(folder, ...args);
  assert.equal(code, 2, stderr);
  assert.match(stderr, line);
  assert.equal(stderr.split("\n").length, 1, stderr);
}

Deno.test("train fm splits a batch whose activations do not fit memory", () =>
  inFolder(async (folder) => {
    // 2.3 GB if nothing were freed before the end.
    const batch = ["--filters", "4", "--batch-size", "3900", "--steps", "1", "--seed", "3"];
    const train = ["train", "fm", ...batch, "--backend", "cpu", "--sample-every", "0", "--quiet"];
    const { code, stderr } = await fluxion(folder, ...train, "--run", "r");
    assert.equal(code, 0, stderr);
    const [line] = (await Deno.readTextFile(`${folder}/r/log.jsonl`)).split("\n");
    const { step, loss } = JSON.parse(line!);
    assert.equal(step, 1);
    // A fresh U-Net returns zero, so the loss is the mean square of noise minus binary pixels.
    assert.ok(Math.abs(loss - 1.13) < 0.03, `${loss}`);
  }));

Deno.test("train cnf --hidden 8192 is refused in one line and writes nothing", () =>
  inFolder(async (folder) => {
    await refused(
      folder,
      ["train", "cnf", "--hidden", "8192", "--steps", "1", "--run", "r"],
      /--hidden 8192: training takes \d\.\d GiB .* 2\.0 GiB in all: give a smaller --hidden/,
    );
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("a control group whose activations do not fit memory is split", () =>
  inFolder(async (folder) => {
    const network: Network = unetNetwork({ height: 28, width: 28, channels: 1, filters: 4 });
    const weights = encodeStateDict(network, initialParameters(network, 0));
    await Deno.writeFile(`${folder}/w.safetensors`, weights);
    const made = await fluxion(folder, "import", "fm", "w.safetensors", "--run", "r");
    assert.equal(made.code, 0, made.stderr);
    // The same weights on larger images: a hundredth of the rows takes as much memory.
    const path = `${folder}/r/config.json`;
    const config = JSON.parse(await Deno.readTextFile(path));
    const claim = (side: number) =>
      Deno.writeTextFile(
        path,
        JSON.stringify({ ...config, network: { ...config.network, height: side, width: side } }),
      );
    await claim(280);
    const sample = (name: string, group: string) =>
      fluxion(folder, ...[
        ...["sample", "r", "--n", "80", "--out", name, "--control-group", group],
        ...["--solver", "euler", "--solver-steps", "1", "--backend", "cpu", "--quiet"],
      ]);
    const { code, stderr } = await sample("batch.npy", "batch");
    assert.equal(code, 0, stderr);
    // Fixed steps do not depend on the group.
    assert.equal((await sample("eight.npy", "8")).code, 0);
    assert.deepEqual(
      await Deno.readFile(`${folder}/batch.npy`),
      await Deno.readFile(`${folder}/eight.npy`),
    );
    await claim(4000);
    for (const command of [["sample", "r", "--n", "1", "--out", "x.npy"], ["plot", "r"]]) {
      await refused(folder, command, /config\.json: .* layers of one row take \d\.\d GiB/);
    }
  }));
