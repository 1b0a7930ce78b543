/**
 * Text from files never reaches the terminal unescaped: a name that erases the line and forges a
 * message is escaped and shortened.
 */
import assert from "node:assert/strict";
import { importWeights } from "../../src/train/weights/import_weights.ts";
import { encodeStateDict } from "../../src/train/weights/state_dict.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/train/weights/safetensors.ts";
import { initialParameters } from "../../src/nn/init.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { onTerminal } from "./_terminal.ts";
import { fluxion, inFolder, type Outcome, type Surroundings } from "./_fluxion.ts";

/** Erases the line (ESC [ 2 K, and the same as a C1 control) and reverses the text direction. */
const FORGED = "\n\x1b[2K\x9b2Kfluxion: all is well\u202e";
const onCpu = ["--backend", "cpu"];
const network = mlpNetwork({ dims: 2, hidden: 8 });
const weights = encodeStateDict(network, initialParameters(network, 0));

/** The weights with an additional tensor. */
function withTensor(name: string, bytes: Uint8Array = weights): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes, "weights");
  const extra = { name, shape: [1], values: new Float32Array(1) };
  return encodeSafetensors({ tensors: [...tensors, extra], metadata });
}

/** Asserts a single line of our own without control sequences. */
function assertHarmless({ code, stdout, stderr }: Outcome, words: RegExp): void {
  assert.match(stderr, /^fluxion: [^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+\n$/u);
  assert.match(stderr, words);
  assert.ok(stderr.length < 2100, `${stderr.length} letters`);
  assert.equal(stdout, "");
  assert.equal(code, 2);
}

Deno.test("a tensor's name cannot forge a line, in any command that reads weights", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/plain.safetensors`, weights);
    await Deno.writeFile(`${folder}/forged.safetensors`, withTensor(FORGED));
    const { run } = await importWeights("cnf", `${folder}/plain.safetensors`, {
      runsFolder: folder,
      run: `${folder}/run`,
    });
    const model = `${run}/model.safetensors`;
    await Deno.writeFile(model, withTensor(FORGED, await Deno.readFile(model)));
    await Deno.writeTextFile(`${folder}/points.csv`, "1,2\n");
    const commands = [
      ["import", "cnf", "forged.safetensors", "--run", "new"],
      ["import", "fm", "forged.safetensors", "--run", "new"],
      ["train", "cnf", "--init", "forged.safetensors", "--hidden", "8", ...onCpu],
      ["train", "cnf", "--init", "run", "--hidden", "8", ...onCpu],
      ["sample", "run", "--out", "x.csv", ...onCpu],
      ["log-prob", "run", "--points", "points.csv", ...onCpu],
      ["eval", "run", ...onCpu],
      ["plot", "run", ...onCpu],
      ["report", "run", "--out", "x.html", ...onCpu],
    ];
    for (const command of commands) {
      const outcome = await fluxion(command, { cwd: folder });
      assertHarmless(
        outcome,
        /has "\\n\\u001b\[2K\\u009b2Kfluxion: all is well\\u202e" of shape \[1\], which/,
      );
    }
  }));

Deno.test("a tensor's name of 6 MB is shortened to a few characters", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/long.safetensors`, withTensor("k".repeat(6e6)));
    const outcome = await fluxion(["import", "cnf", "long.safetensors"], { cwd: folder });
    assertHarmless(outcome, /has "k{77}\.\.\." of shape \[1\], which the model lacks; it belongs/);
  }));

Deno.test("a folder's name is escaped on a terminal and unchanged for scripts", () =>
  inFolder(async (cwd) => {
    await Deno.writeFile(`${cwd}/w.safetensors`, weights);
    const words = ["import", "cnf", "w.safetensors", "--run", "a\x1b[2K", "--overwrite"];
    assert.equal((await fluxion(words, { cwd })).stdout, "a\x1b[2K\n");
    const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
    const program = `deno run -q --config ${root}/deno.json -P=fluxion ${root}/cli/main.ts`;
    const name = "\"$(printf 'a\\033[2K')\"";
    const typed = `${program} import cnf w.safetensors --overwrite --run ${name}`;
    const { code, written } = await onTerminal(typed, { columns: 80, cwd });
    assert.equal(code, 0, written);
    assert.equal(written, "a\\u001b[2K\r\n");
  }));

const text = (content: string) => new TextEncoder().encode(content);
const npyOf = (header: string) =>
  Uint8Array.of(0x93, ...text("NUMPY"), 1, 0, header.length, 0, ...text(header));

/** Other text from files and options, each as a file `f` and a command. */
const others: readonly (readonly [string, Uint8Array, string[], Surroundings?])[] = [
  ["a CSV field", text(`1,2\n3,"${FORGED}"\n`), ["train", "cnf", "--data", "f"]],
  ["a key", text(JSON.stringify({ [FORGED]: 1 })), ["train", "cnf", "--config", "f"]],
  ["a value", text(JSON.stringify({ net: FORGED })), ["train", "cnf", "--config", "f"]],
  ["invalid JSON", text(`{"lr": ${FORGED}`), ["train", "cnf", "--config", "f"]],
  ["a dtype", npyOf(`{'descr': '${FORGED}'}`), ["log-prob", "x", "--points", "f"]],
  ["an option's value", text(""), ["train", "cnf", "--data", FORGED]],
  ["an option's name", text(""), ["train", "cnf", `--${FORGED}`, "1"]],
  ["a command", text(""), [FORGED]],
  ["a run", text(""), ["sample", FORGED, "--out", "x.csv"]],
  ["an output", text(""), ["sample", "x", "--out", `${FORGED}/x.csv`]],
  ["a mirror", text(""), ["data", "fetch", "mnist", "--from", FORGED]],
];

for (const [what, content, command, around] of others) {
  Deno.test(`${what} cannot forge a line`, () =>
    inFolder(async (folder) => {
      await Deno.writeFile(`${folder}/f`, content);
      const backend = command[0] === "train" ? onCpu : [];
      const outcome = await fluxion([...command, ...backend], {
        cwd: folder,
        env: { FLUXION_DATA_DIR: `${folder}/cache` },
        ...around,
      });
      assertHarmless(outcome, /^fluxion: /);
    }));
}
