import assert from "node:assert/strict";
import { encodePng } from "../../src/core/png/encode_png.ts";
import { encodeStateDict } from "../../src/train/weights/state_dict.ts";
import { draw, gaussian } from "../metrics/_known_densities.ts";
import { wallNetwork, wallWeights } from "../support/crafted_flow.ts";
import { fluxion, inFolder } from "./_fluxion.ts";

const onCpu = ["--backend", "cpu"];

/** Runs a command that must succeed. */
async function succeed(args: readonly string[], cwd: string): Promise<string> {
  const device = args[0] === "import" ? [] : onCpu;
  const { code, stdout, stderr } = await fluxion([...args, ...device], { cwd });
  assert.equal(code, 0, `fluxion ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function csv(points: ArrayLike<number>): string {
  const rows = Array.from(
    { length: points.length / 2 },
    (_, i) => [points[2 * i], points[2 * i + 1]],
  );
  return rows.map((row) => row.join(",")).join("\n") + "\n";
}

Deno.test("fluxion eval integrates a needle-shaped density with the exact trace, regardless of --trace", () =>
  inFolder(async (folder) => {
    const needle = gaussian([0, 0], [1.4, 0.02], Math.PI / 4);
    await Deno.writeTextFile(`${folder}/needle.csv`, csv(draw(needle, 400, 1)));
    const short = ["--hidden", "16", "--batch-size", "64", "--steps", "100", "--quiet"];
    const train = ["train", "cnf", "--data", "needle.csv", "--run", "a", ...short];
    await succeed([...train, "--standardize", "none"], folder);
    const exact = JSON.parse(await succeed(["eval", "a", "--n", "20"], folder));
    assert.ok(exact.mass === null || Math.abs(exact.mass - 1) < 0.005, `${exact.mass}`);
    assert.equal("massReason" in exact, exact.mass === null);
    const estimated = JSON.parse(
      await succeed(["eval", "a", "--n", "20", "--trace", "hutchinson"], folder),
    );
    assert.notEqual(estimated.nll, exact.nll);
    assert.equal(estimated.mass, exact.mass);
  }));

Deno.test("an unknown mass is null with a reason, in eval, plot and report alike", () =>
  inFolder(async (folder) => {
    // A standard normal below x2 = 6, where the density ends; its samples are unaffected.
    await Deno.writeFile(
      `${folder}/w.safetensors`,
      encodeStateDict(wallNetwork, wallWeights(2e38, 6)),
    );
    await succeed(["import", "cnf", "w.safetensors", "--run", "wall"], folder);
    const far = draw(gaussian([40, 0], [1, 1]), 100, 2);
    await Deno.writeTextFile(`${folder}/far.csv`, csv(far));
    const { code, stdout, stderr } = await fluxion(
      ["eval", "wall", "--data", "far.csv", ...onCpu],
      { cwd: folder },
    );
    assert.equal(code, 0, stderr);
    const { mass, massReason } = JSON.parse(stdout);
    assert.equal(mass, null);
    assert.match(massReason, /^the density has no value at \(.*\): a solve fails there$/);

    const plotted = await fluxion(["plot", "wall", ...onCpu], { cwd: folder });
    assert.equal(plotted.code, 0, plotted.stderr);
    assert.match(plotted.stderr, /density\.png: nothing to draw, the density has no value at/);
    assert.ok(!plotted.stdout.includes("density.png") && plotted.stdout.includes("samples.png"));

    await Deno.mkdir(`${folder}/wall/samples`, { recursive: true });
    const picture = encodePng(new Uint8Array(4), { width: 2, height: 2 });
    await Deno.writeFile(`${folder}/wall/samples/epoch-0001.png`, picture);
    await succeed(["report", "wall", "--out", "report.md"], folder);
    const report = await Deno.readTextFile(`${folder}/report.md`);
    assert.match(report, /could not be established: the density has no value at/);
    assert.ok(!report.includes("\\int p(x)\\,dx"), "no integral is claimed");
  }));

Deno.test("fluxion eval reports test points outside the model's mass", () =>
  inFolder(async (folder) => {
    const small = ["--hidden", "8", "--steps", "2", "--quiet"];
    await succeed(["train", "cnf", "--data", "moons", "--run", "a", ...small], folder);
    await Deno.writeTextFile(`${folder}/far.csv`, csv(draw(gaussian([40, 0], [1, 1]), 100, 2)));
    const { code, stdout, stderr } = await fluxion(
      ["eval", "a", "--data", "far.csv", ...onCpu],
      { cwd: folder },
    );
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /100 of 100 test points lie outside the region \[.*\] x \[.*\] of the model's mass/,
    );
    assert.ok(Math.abs(JSON.parse(stdout).mass - 1) < 0.005, stdout);

    // Placeholders for missing values, so far out that no mass is found; then none counts as outside.
    const fill = Array.from({ length: 50 }, () => "9.96921e36,9.96921e36\n").join("");
    await Deno.writeTextFile(
      `${folder}/fill.csv`,
      csv(draw(gaussian([0, 0], [1, 1]), 50, 2)) + fill,
    );
    const filled = await fluxion(["eval", "a", "--data", "fill.csv", ...onCpu], { cwd: folder });
    assert.equal(filled.code, 1, filled.stderr);
    assert.equal(JSON.parse(filled.stdout).mass, null);
    assert.doesNotMatch(filled.stderr, /lie outside/);
  }));
