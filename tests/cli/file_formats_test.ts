import assert from "node:assert/strict";
import { fluxion, inFolder, type Outcome } from "./_fluxion.ts";

const files = new URL("../outside/files/", import.meta.url).pathname;
const few = ["--steps", "2", "--hidden", "4", "--batch-size", "8", "--backend", "cpu"];

function succeeded({ code, stdout, stderr }: Outcome): string {
  assert.equal(code, 0, stderr);
  return stdout;
}

Deno.test("--header decides in train and log-prob, and the run remembers it", () =>
  inFolder(async (folder) => {
    // The first line may be names (a ladder over numbers that are none) or a point.
    const rows = Array.from({ length: 30 }, (_, i) => `${(i * 0.37) % 1},${(i * 0.61) % 1}`);
    await Deno.writeTextFile(`${folder}/a.csv`, ["0,1", ...rows, ""].join("\n"));
    const cwd = folder;
    const train = ["train", "cnf", "--data", "a.csv", "--run", "r", "--header", "no", ...few];
    succeeded(await fluxion(train, { cwd }));
    const config = JSON.parse(await Deno.readTextFile(`${folder}/r/config.json`));
    assert.equal(config.header, "no");
    const count = async (args: readonly string[]) => {
      const points = ["log-prob", "r", "--points", "a.csv", "--backend", "cpu", ...args];
      return succeeded(await fluxion(points, { cwd })).trim().split("\n").length;
    };
    assert.equal(await count([]), 30);
    assert.equal(await count(["--header", "no"]), 31);
    const alone = await fluxion(["eval", "r", "--header", "no"], { cwd });
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /--header no: is about the first line of another file; give --data/);
  }));

Deno.test("import lists several sets of weights, and --prefix chooses", () =>
  inFolder(async (folder) => {
    const cwd = folder, file = `${files}weights/model_and_ema.safetensors`;
    const several = await fluxion(["import", "cnf", file], { cwd });
    assert.equal(several.code, 2);
    assert.match(several.stderr, /holds 2 complete sets .*"model\.", "ema\."; .*--prefix model\./);
    succeeded(await fluxion(["import", "cnf", file, "--prefix", "ema", "--run", "r"], { cwd }));
    const none = await fluxion(["train", "cnf", "--prefix", "ema", ...few], { cwd });
    assert.equal(none.code, 2);
    assert.match(none.stderr, /--prefix ema: chooses among weights, .* give --init/);
    const init = ["train", "cnf", "--init", file, "--prefix", "ema", "--run", "t"];
    const size = ["--hidden", "16", "--steps", "1", "--batch-size", "8", "--backend", "cpu"];
    succeeded(await fluxion([...init, ...size], { cwd }));
  }));
