import assert from "node:assert/strict";
import { checkSweep, gridOf, parseShard } from "../../cli/commands/sweep/grid.ts";
import type { SweepFlags } from "../../cli/commands/sweep/flags.ts";
import { jobLine } from "../../cli/commands/sweep/job_lines.ts";
import { sweepTable } from "../../cli/commands/sweep/sweep_table.ts";
import { listParserOf } from "../../cli/options/list_values.ts";
import type { RunSummary } from "../../src/train/run/run_summary.ts";
import { fluxion, inFolder, start } from "./_fluxion.ts";

const whole = { kind: "whole", least: 0 } as const;

Deno.test("a list has values between commas and ranges with both ends, each checked alone", () => {
  const parse = listParserOf(whole);
  assert.deepEqual(parse("3"), [3]);
  assert.deepEqual(parse("5, 0..4,9..20..5"), [5, 0, 1, 2, 3, 4, 9, 14, 19]);
  assert.deepEqual(listParserOf({ kind: "positive" })("1e-2,.5"), [0.01, 0.5]);
  const name = { kind: "text", expected: "a file" } as const;
  assert.deepEqual(listParserOf(name)("moons,../x..y.csv"), ["moons", "../x..y.csv"]);
  assert.deepEqual(listParserOf(name, { isOne: () => true })("a,b.csv"), ["a,b.csv"]);
  const refused: readonly (readonly [string, RegExp])[] = [
    ["1,x", /^x: expected a whole number/],
    ["1,,2", /^an empty value: expected/],
    ["4..0", /goes upwards/],
    ["0..4..0", /a step of 1 or more/],
    ["0..999999999", /1000000000 values; a sweep has at most 10000/],
    ["1,0..2", /^1 is listed twice/],
  ];
  for (const [text, reason] of refused) {
    assert.throws(() => parse(text), { name: "SyntaxError", message: reason }, text);
  }
  // A name that comes again begins the next value.
  const weights = listParserOf({ kind: "energies" });
  assert.deepEqual(weights("none,kinetic=.1,jacobian=.2,kinetic=1"), [
    ...["none", "kinetic=.1,jacobian=.2", "kinetic=1"],
  ]);
  assert.throws(
    () => weights("none,kinetic=1,speed=2"),
    / kinetic=1,speed=2: expected weights of 0 or/,
  );
  assert.throws(() => listParserOf({ kind: "positive" })("1..3"), /ranges are of whole numbers/);
});

Deno.test("gridOf() names each run by its values, and every name is another", () => {
  const names = (flags: Partial<SweepFlags>) =>
    gridOf({ runDir: "d", ...flags }).runs.map(({ name }) => name);
  assert.deepEqual(names({ seed: [0, 1], lr: [0.01, 1e-7], hidden: [8] }), [
    "lr-0.01-seed-0",
    "lr-0.01-seed-1",
    "lr-1e-7-seed-0",
    "lr-1e-7-seed-1",
  ]);
  assert.deepEqual(names({ seed: [3] }), ["run"]);
  assert.deepEqual(names({ data: ["a/x.csv", "a/y.csv.gz"] }), ["data-x", "data-y"]);
  assert.deepEqual(names({ data: ["a/x.csv", "b/x.csv"] }), ["data-a-x", "data-b-x"]);
  assert.deepEqual(names({ data: ["a b.csv", "a'b.csv", "../c/a\nb.csv"] }).length, 3);
  const hostile = ["a b.csv", "a'b.csv", "a/b", "a;b", "é", "..", "x".repeat(300), "x".repeat(301)];
  const found = names({ data: hostile, seed: [0, 1] });
  assert.equal(new Set(found).size, 16);
  for (const name of found) assert.match(name, /^[\w.+-]{1,200}$/);
  assert.deepEqual(gridOf({ runDir: "d", drop: ["a", "b"] as never }).runs[0]!.options, {
    drop: ["a", "b"],
  });
});

Deno.test("checkSweep() refuses what no run could be, before anything is trained", () => {
  const refused: readonly (readonly [Partial<SweepFlags>, RegExp])[] = [
    [{ solver: ["euler", "dopri5"], rtol: [1e-3] }, /solver euler takes fixed steps/],
    [{ data: ["moons", "-"] }, /cannot share the standard input/],
    [{ dryRun: true, table: true }, /--dry-run and --table: give one/],
    [{ shard: "4/4" }, /I from 0 to N - 1/],
    [{ lr: Array.from({ length: 101 }, (_, i) => i + 1), seed: [...Array(100).keys()] }, /10100/],
    [{ runDir: "a\nb" }, /has a line break/],
  ];
  for (const [flags, reason] of refused) {
    assert.throws(() => checkSweep("cnf", { runDir: "d", ...flags }), reason);
  }
  assert.deepEqual(parseShard("3/4"), { index: 3, count: 4 });
  for (const text of ["", "1", "1/0", "-1/2", "1/2/3", "a/b", "0.5/2"]) {
    assert.throws(() => parseShard(text), /expected I\/N/, text);
  }
});

Deno.test("a job is one line that a shell reads back as the same words", async () => {
  await inFolder(async (folder) => {
    const words = ["it's", 'a "b"', "$(touch pwned) `id`", "{} % * ~ \\ #", "-x", "é 数"];
    for (const word of words) {
      const run = { name: "n", folder: `${folder}/${word}`, config: word };
      const options = { data: word, drop: [word, 3], binarize: false, seed: 1 };
      const line = jobLine("fm", { ...run, options }, "fluxion");
      assert.ok(!line.includes("\n"));
      const printed = async () => {
        const script = `fluxion() { printf '%s\\n' "$@"; }; ${line}`;
        const sh = new Deno.Command("sh", { args: ["-euc", script], cwd: folder });
        const { code, stdout } = await sh.output();
        assert.equal(code, 0);
        return new TextDecoder().decode(stdout).trimEnd().split("\n");
      };
      const value = (flag: string) => word.startsWith("-") ? [`${flag}=${word}`] : [flag, word];
      const rest = [
        ...["--run", run.folder, "--config", word],
        ...[...value("--data"), "--no-binarize", ...value("--drop"), "--drop", "3"],
        ...["--seed", "1", "--quiet"],
      ];
      assert.deepEqual(await printed(), ["train", "fm", ...rest]);
      await Deno.mkdir(run.folder);
      await Deno.writeTextFile(`${run.folder}/config.json`, "");
      assert.deepEqual(await printed(), ["train", "fm", "--resume", ...rest]);
    }
    assert.deepEqual([...Deno.readDirSync(folder)].length, words.length);
    const two = { name: "n", folder, config: undefined, options: { data: "a\nb" } };
    assert.throws(
      () => jobLine("cnf", two, "fluxion"),
      /line break/,
    );
  });
});

Deno.test("sweepTable() has means and standard errors over the seeds, the best first", () => {
  const run = (lr: number, seed: number, testLoss: number, kind = "finished") => ({
    placed: { name: `lr-${lr}-seed-${seed}`, folder: "", options: { lr, seed }, config: undefined },
    summary: { state: { kind }, metrics: { testLoss, loss: 1, seconds: 2 } } as RunSummary,
  });
  const axes = [{ name: "lr", values: [1, 2] }, { name: "seed", values: [0, 1, 2] }] as const;
  const { orderedBy, rows } = sweepTable(axes, [
    run(1, 0, 3),
    run(1, 1, 5),
    run(2, 0, 2),
    run(2, 1, 2),
    run(2, 2, 5),
    run(1, 2, 0, "interrupted"),
  ]);
  assert.equal(orderedBy, "testLoss");
  assert.deepEqual(rows.map(({ options, runs }) => [options.lr, runs.length]), [[2, 3], [1, 2]]);
  // 2, 2, 5: mean 3, standard deviation sqrt(3), over sqrt(3) is 1; 3, 5: sqrt(2) / sqrt(2).
  assert.deepEqual(rows[0]!.figures.testLoss, { mean: 3, stdErr: 1 });
  assert.ok(Math.abs(rows[1]!.figures.testLoss!.stdErr! - 1) < 1e-12);

  // A validation loss decides before the test loss, where all have one.
  const validated = (lr: number, validationLoss: number, testLoss: number) => {
    const { placed, summary } = run(lr, 0, testLoss);
    return { placed, summary: { ...summary, metrics: { ...summary.metrics!, validationLoss } } };
  };
  const chosen = sweepTable(axes, [validated(1, 2, 1), validated(2, 1, 2)]);
  assert.equal(chosen.orderedBy, "validationLoss");
  assert.deepEqual(chosen.rows.map(({ options }) => options.lr), [2, 1]);
});

const tiny = ["--hidden", "4", "--batch-size", "16", "--backend", "cpu"];

Deno.test("sweep trains every combination, survives a failing one, and continues where it was", () =>
  inFolder(async (cwd) => {
    const sweep = (...args: string[]) =>
      fluxion(["sweep", "train", "cnf", "--run-dir", "s w'p", ...tiny, ...args], { cwd });
    const rates = ["--lr", "1e30,1e-2", "--seed", "0..1"];
    const first = await sweep(...rates, "--steps", "2", "--json");
    assert.equal(first.code, 1, first.stderr);
    assert.match(first.stderr, /lr-1e\+30-seed-0: step 2: the loss is/);
    assert.match(first.stderr, /2 runs failed: lr-1e\+30-seed-\d, lr-1e\+30-seed-\d; the same/);
    const made = JSON.parse(first.stdout);
    assert.deepEqual(made.rows.map(({ options, runs }: typeof made) => [options.lr, runs]), [
      [0.01, ["lr-0.01-seed-0", "lr-0.01-seed-1"]],
    ]);
    const losses = ["lr-0.01-seed-0", "lr-0.01-seed-1"].map((name) =>
      JSON.parse(Deno.readTextFileSync(`${cwd}/s w'p/${name}/metrics.json`)).testLoss
    );
    const { mean, stdErr } = made.rows[0].figures.testLoss;
    assert.ok(Math.abs(mean - (losses[0] + losses[1]) / 2) < 1e-12);
    assert.ok(Math.abs(stdErr - Math.abs(losses[0] - losses[1]) / 2) < 1e-12);
    assert.equal(made.failed.length, 2);

    // A run that cannot start is bad input, as in train.
    const nowhere = await sweep("--data", "nowhere.csv", "--quiet");
    assert.deepEqual([nowhere.code, nowhere.stdout], [2, ""]);
    assert.match(nowhere.stderr, /^fluxion: run: nowhere\.csv: no such file/);

    // What is left of a sweep is trained by a shell; finished runs are not touched.
    const dry = await sweep(...rates, "--steps", "2", "--dry-run");
    assert.equal(dry.code, 0);
    assert.equal(dry.stdout.trimEnd().split("\n").length, 2);
    assert.ok(dry.stdout.split("\n").every((line) => !line.includes("lr-0.01")));

    // The last of four shards, with more steps: its run grows, the others stay.
    const grown = await sweep(...rates, "--steps", "3", "--shard", "3/4");
    assert.equal(grown.code, 0, grown.stderr);
    const steps = (name: string) =>
      JSON.parse(Deno.readTextFileSync(`${cwd}/s w'p/${name}/metrics.json`)).steps;
    assert.deepEqual(["lr-0.01-seed-0", "lr-0.01-seed-1"].map(steps), [2, 3]);
    const log = Deno.readTextFileSync(`${cwd}/s w'p/lr-0.01-seed-1/log.jsonl`);
    assert.deepEqual(log.match(/"step":\d(?=,"loss")/g), ['"step":1', '"step":2', '"step":3']);
    assert.equal(grown.stdout, "");
    assert.match(grown.stderr, /2 of 4 runs of .* are finished/);
  }));

Deno.test("sweep ends with 130 at Ctrl-C, with every run's checkpoint written", () =>
  inFolder(async (cwd) => {
    const args = ["--seed", "0..2", "--jobs", "2", "--steps", "1000000", "--run-dir", "s"];
    const process = start(["sweep", "train", "cnf", ...tiny, ...args], { cwd });
    const log = (seed: number) =>
      Deno.stat(`${cwd}/s/seed-${seed}/log.jsonl`).then(({ size }) => size, () => 0);
    while (await log(0) === 0 || await log(1) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    process.kill("SIGINT");
    const { code, stderr } = await process.output();
    assert.equal(code, 130);
    const said = new TextDecoder().decode(stderr);
    assert.match(said, /interrupted; the same command goes on: fluxion sweep train cnf /);
    const listed = await fluxion(["runs", "s", "--json", "--quiet"], { cwd });
    const runs = JSON.parse(listed.stdout);
    assert.deepEqual(runs.map(({ state }: { state: string }) => state), [
      "interrupted",
      "interrupted",
    ]);
    for (const { steps } of runs) assert.ok(steps > 0);
  }));
