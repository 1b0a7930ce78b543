import assert from "node:assert/strict";
import { fluxion, inFolder } from "./_fluxion.ts";

const onCpu = ["--backend", "cpu"];

/** 60 people with an index, a column of words, and three missing incomes. */
const people = `id,"height, cm",weight kg,species,income\n` +
  Array.from({ length: 60 }, (_, i) => {
    const income = i % 20 === 7 ? "NA" : 20_000 + (7919 * i) % 30_000;
    return `${i + 1},${150 + (37 * i) % 41},${50 + (53 * i) % 37},${"ab"[i % 2]},${income}\n`;
  }).join("");

Deno.test("a table's columns have their names from its file to its samples and back", () =>
  inFolder(async (folder) => {
    const run = async (args: string, stdin?: string) => {
      const given = { cwd: folder, ...(stdin === undefined ? {} : { stdin }) };
      const outcome = await fluxion([...args.split(" "), ...onCpu], given);
      assert.equal(outcome.code, 0, `${args}: ${outcome.stderr}`);
      return outcome;
    };
    await Deno.writeTextFile(`${folder}/people.csv`, people);
    const few = "--hidden 4 --steps 2 --batch-size 32 --eval-every 0 --sample-every 0";
    const trained = await run(
      `train cnf --data people.csv --drop species --drop-missing --split ordered ${few}`,
    );
    const read = trained.stderr.split("\n").find((line) => line.startsWith("people.csv: "));
    assert.match(
      read ?? "",
      new RegExp(
        `^people\\.csv: 57 rows \\(35 train, 10 validate, 12 test\\), 3 columns: "height, cm" ` +
          `\\(\\d+(\\.\\d+)? \\+- .*; left out the first column, id, which only counts the rows ` +
          `\\(--columns "id,2,weight kg,income" keeps it\\); left out: species; left out 3 rows with ` +
          "missing values$",
      ),
    );

    const sampled = await run("sample latest --n 4 --header --log-prob --out -");
    const [header, ...lines] = sampled.stdout.trimEnd().split("\n");
    assert.equal(header, '"height, cm",weight kg,income,logProb');
    const rows = lines.map((line) => line.split(",").map(Number));
    // Read back in another order, beside a column of words.
    const moved = `income,note,logProb,,weight kg,"height, cm"\n` +
      rows.map(([height, weight, income]) => `${income},x,?,7,${weight},${height}\n`).join("");
    const back = await run("log-prob latest --points -", moved);
    assert.match(
      back.stderr,
      /^standard input: 4 rows, 3 columns found by name: .*; ignored: note, logProb, column 4$/m,
    );
    back.stdout.trimEnd().split("\n").forEach((value, i) =>
      assert.ok(Math.abs(Number(value) - rows[i]![3]!) < 2e-3, `${value} ${rows[i]}`)
    );

    const some = `height,"height, cm",weight kg,income\n1,170,60,NA\n2,180,70,30000\n`;
    await Deno.writeTextFile(`${folder}/some.csv`, some);
    const evaluated = await run("eval latest --data some.csv --drop-missing");
    assert.equal(JSON.parse(evaluated.stdout).n, 1);
    assert.match(
      evaluated.stderr,
      /^some\.csv: 1 row, all .*; left out 1 row with missing values$/m,
    );

    const without = await fluxion(["log-prob", "latest", "--points", "-", ...onCpu], {
      cwd: folder,
      stdin: "weight kg,income\n60,20000\n",
    });
    assert.equal(without.code, 2);
    assert.match(without.stderr, /^fluxion: standard input: column "height, cm" is missing; .*/);
    const other = await fluxion(["train", "cnf", "--resume", "--steps", "3", "--data", "-"], {
      cwd: folder,
      stdin: people.replace("NA", "30000"),
    });
    assert.equal(other.code, 2);
    assert.match(
      other.stderr,
      /has other bytes than the run .* 60 rows.*people\.csv.*--data-changed/,
    );
  }));
