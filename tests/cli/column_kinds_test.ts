import assert from "node:assert/strict";
import { callerKey } from "../../src/core/random/subsequences.ts";
import { fillNormal, fillUniform } from "../../src/core/random/random.ts";
import { readNpy } from "../../src/data/formats/npy.ts";
import { fluxion, inFolder } from "./_fluxion.ts";

const quietly = ["--backend", "cpu", "--quiet"];

/** Pets as people write them: a category with a comma in it, weights, whole years, incomes. */
function petsCsv(rows: number): string {
  const u = fillUniform(callerKey(5), 0, new Float64Array(2 * rows));
  const z = fillNormal(callerKey(6), 0, new Float64Array(2 * rows));
  const lines = Array.from({ length: rows }, (_, i) => {
    const [name, typical] = u[2 * i]! < 0.5
      ? ["cat", 4]
      : u[2 * i]! < 0.8
      ? ["dog", 20]
      : ['"pig, small"', 1];
    const weight = Number(typical) * Math.exp(0.3 * z[2 * i]!);
    const income = Math.exp(10 + z[2 * i + 1]!);
    return `${name},${weight.toFixed(3)},${Math.floor(16 * u[2 * i + 1]!)},${income.toFixed(2)}\n`;
  });
  return `species,weight,age,income\n${lines.join("")}`;
}

Deno.test("--log, --dequantize and --categorical: every command is in the data's units", () =>
  inFolder(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/pets.csv`, petsCsv(300));
    const run = async (args: string, code = 0) => {
      const outcome = await fluxion([...args.split(" "), ...quietly], { cwd });
      assert.equal(outcome.code, code, `fluxion ${args}: ${outcome.stderr}`);
      return outcome;
    };
    const kinds = "--categorical species --log weight --dequantize age";
    const few = "--hidden 8 --steps 10 --eval-every 0 --sample-every 0";
    const trained = await fluxion(
      `train cnf --data pets.csv ${kinds} ${few} --run pets --backend cpu`.split(" "),
      { cwd },
    );
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(trained.stderr, /"income" is positive and strongly skewed: --log income learns/);
    assert.match(
      trained.stderr,
      /species \(3 categories\), weight \(log: .* \+- .*\), age \(a whole number: /,
    );
    assert.ok(!/--dequantize|--log weight/.test(trained.stderr), trained.stderr);

    const { stdout } = await run("sample pets --n 200 --out -");
    const lines = stdout.trimEnd().split("\n");
    for (const line of lines) {
      // A category, a positive number, a whole one and a real one.
      assert.match(line, /^(cat|dog|"pig, small"),\d[\d.e-]*,-?\d+,-?[\d.e+]+$/);
    }
    for (const name of ["cat", "dog", '"pig']) assert.ok(lines.some((row) => row.startsWith(name)));
    await Deno.writeTextFile(`${cwd}/s.csv`, stdout);
    await run("sample pets --n 200 --out s.npy");
    const { shape, values } = readNpy(await Deno.readFile(`${cwd}/s.npy`), "s.npy");
    assert.deepEqual(shape, [200, 4]);
    const names = ["cat", "dog", '"pig, small"'];
    lines.forEach((line, i) => assert.ok(line.startsWith(names[Number(values[4 * i])]!)));

    // Both files hold the same rows, so they have the same likelihoods.
    const [ofCsv, ofNpy] = [
      await fluxion("log-prob pets --points s.csv --backend cpu".split(" "), { cwd }),
      await run("log-prob pets --points s.npy"),
    ].map(({ stdout }) => stdout.trimEnd().split("\n").map(Number));
    assert.equal(ofCsv!.length, 200);
    ofCsv!.forEach((value, i) => assert.ok(Math.abs(value - ofNpy![i]!) < 1e-3, `${value}`));

    const evaluation = JSON.parse((await run("eval pets")).stdout);
    assert.match(
      evaluation.nllConvention,
      /^log-probability of 2 discrete columns and log-density of the other 2; by uniform dequant/,
    );
    assert.ok(evaluation.nll > 16 && evaluation.nll < 24 && evaluation.failedRows === 0);
    const explained = await fluxion(
      "log-prob pets --points s.csv --explain --backend cpu".split(" "),
      { cwd },
    );
    assert.match(explained.stderr, /logProb = source \+ trace \+ scale \+ volume, in nats/);
    assert.match(explained.stderr, /log-probability of 2 discrete columns/);
    const [header, first] = explained.stdout.split("\n");
    assert.equal(header, "logProb,source,trace,scale,volume");
    const [total, ...terms] = first!.split(",").map(Number);
    assert.ok(Math.abs(terms.reduce((a, b) => a + b) - total!) < 1e-4);

    // Impossible numbers have no likelihood; a text that is no category is wrong input.
    const head = "age,income,species,weight\n3,100,cat,4\n";
    await Deno.writeTextFile(`${cwd}/odd.csv`, `${head}3.5,100,dog,9\n3,100,dog,0\n`);
    const odd = await fluxion("log-prob pets --points odd.csv --backend cpu".split(" "), { cwd });
    assert.equal(odd.code, 1);
    assert.deepEqual(odd.stdout.split("\n").map((line) => /^-\d/.test(line) || line), [
      ...[true, "-Infinity", "-Infinity", ""],
    ]);
    assert.match(odd.stderr, /row 1 .*column 3: 3.5 is not a whole number/);
    assert.match(odd.stderr, /row 2 .*column 2: 0 is not above 0/);
    await Deno.writeTextFile(`${cwd}/odd.csv`, `${head}3,100,horse,400\n`);
    const unknown = await run("log-prob pets --points odd.csv", 2);
    assert.match(
      unknown.stderr,
      /line 3, column "species": "horse" is none of the run's categories/,
    );
    assert.equal(unknown.stdout, "");
  }));
