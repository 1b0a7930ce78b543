import assert from "node:assert/strict";
import { chooseColumns, listParts } from "../../../src/data/tables/column_choice.ts";
import type { ColumnArgument, ColumnChoice } from "../../../src/data/tables/columns.ts";
import { encodeNpy } from "../../../src/data/formats/npy.ts";
import { readingWords } from "../../../src/data/tables/reading_words.ts";
import { type PointsOptions, readPoints } from "../../../src/data/tables/point_rows.ts";

const file = { names: ["height", "species", "3", "species", "a, b"], count: 5 };

const drop = (...drop: ColumnArgument[]): ColumnChoice => ({ kind: "select", drop });
const select = (...columns: ColumnArgument[]): ColumnChoice => ({ kind: "select", columns });

async function read(bytes: Uint8Array | string, options: PointsOptions = {}) {
  const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  const readStdin = () => ReadableStream.from([Uint8Array.from(content)]);
  const { points, columns, dropped, ...rest } = await readPoints("-", { ...options, readStdin });
  return {
    ...rest,
    points: [...points],
    names: columns.map(({ name, number }) => name ?? number),
    dropped: dropped.map(({ name, number }) => name ?? number),
  };
}

const refused = (text: string | Uint8Array, message: RegExp, options: PointsOptions = {}) =>
  assert.rejects(read(text, options), { name: "InputError", message });

const npy = async (shape: number[], values: number[]) =>
  new Uint8Array(
    await new Blob(await Array.fromAsync(encodeNpy(shape, [Float64Array.from(values)], "<f8")))
      .arrayBuffer(),
  );

Deno.test("chooseColumns() prefers names to numbers, counts from 1, and splits lists", () => {
  const kept = (choice: ColumnChoice) => chooseColumns(file, choice, "t.csv").kept;
  assert.deepEqual(kept(drop("height")), [1, 2, 3, 4]);
  assert.deepEqual(kept(drop("3")), [0, 1, 3, 4]);
  assert.deepEqual(kept(drop(3, "1", 3)), [1, 3, 4]);
  assert.deepEqual(kept(drop()), [0, 1, 2, 3, 4]);
  assert.deepEqual(kept(drop("height,2, 4")), [2, 4]);
  // In the order that is given.
  assert.deepEqual(kept(select("3,height")), [2, 0]);
  assert.deepEqual(kept(select("3", 1, "2")), [2, 0, 1]);
  // A name with a comma: alone, or quoted in a list.
  assert.deepEqual(kept(select("a, b", "height")), [4, 0]);
  assert.deepEqual(kept(select('"a, b",height')), [4, 0]);
  const nameless = chooseColumns({ names: null, count: 2 }, drop("2"), "t");
  assert.deepEqual(nameless, { kept: [0], by: "choice" });
});

Deno.test("listParts() reads quotes as CSV does", () => {
  assert.deepEqual(listParts("a,b"), ["a", "b"]);
  assert.deepEqual(listParts(' a b , "c, d" ,5" pipe,'), ["a b", "c, d", '5" pipe']);
  assert.deepEqual(listParts('"the ""x""",y'), ['the "x"', "y"]);
  assert.deepEqual(listParts('"open,y'), ['"open', "y"]);
  assert.deepEqual(listParts(""), []);
});

Deno.test("chooseColumns() refuses missing, ambiguous and repeated columns, and dropping all", () => {
  const refused = (choice: ColumnChoice, message: RegExp, of = file) =>
    assert.throws(() => chooseColumns(of, choice, "t.csv"), { name: "InputError", message });
  refused(drop("weight"), /^t\.csv: `drop: "weight"`: no such column; it has 5, named "height", /);
  refused(select("height,weight"), /`columns: "height,weight"`: weight: no such column/);
  refused(drop("0"), /`drop: "0"`: no such column/);
  refused(drop("6"), /`drop: "6"`: no such column/);
  refused(drop("species"), /two columns have this name; give the number/);
  refused(drop("1", "2", "height", "3", "4", "5"), /leaves no column of 5/);
  refused(select("height", 1), /column "height" is in it twice/);
  const nameless = { names: null, count: 2 };
  assert.throws(() => chooseColumns(nameless, drop("x"), "t"), { message: /from 1$/ });
});

Deno.test("readPoints() does not parse columns that are left out", async () => {
  const csv = "height,species,weight\n170,setosa,60\n180,,70\n";
  const expected = {
    points: [170, 60, 180, 70],
    names: ["height", "weight"],
    dropped: ["species"],
  };
  for (const columns of [drop("species"), drop(2), select("height,weight"), select(1, "weight")]) {
    const { points, names, dropped } = await read(csv, { columns });
    assert.deepEqual({ points, names, dropped }, expected);
  }
  assert.deepEqual((await read(csv, { columns: select("weight,height") })).points, [
    60,
    170,
    70,
    180,
  ]);
  await refused(
    csv,
    /line 2, column 2 \("species"\): "setosa" is not a number; .*`drop: "species"`$/,
  );
  await refused("1,a\n2,b\n", /`drop: 2`, or give `header: "yes"` if the first line is names$/);
  const table = await npy([2, 3], [1, NaN, 2, 3, 4, 5]);
  assert.deepEqual((await read(table, { columns: drop(2) })).points, [1, 2, 3, 5]);
  assert.deepEqual((await read(table, { columns: select(3, 1) })).points, [2, 1, 5, 3]);
});

Deno.test("readPoints() names all columns of text in one error", async () => {
  const csv = "x,species,y,the island\n1,a,2,p\n3,b,4,q\n";
  await refused(
    csv,
    /line 2: 2 columns hold no numbers: "species" \("a"\), "the island" \("p"\); learn their categories with `categorical: "species"` `categorical: "the island"`, or leave them out with `drop: "species"` `drop: "the island"`$/,
  );
  // One field that is no number is no column of text.
  await refused("x,y\n1,2\n3,abc\n", /^standard input, line 3, column 2 \("y"\): "abc" is not a/);
});

Deno.test("readPoints() counts missing values by column, or leaves their rows out", async () => {
  const csv = "x,y,z\n1,2,3\n,5,?\nNA,8,9\n10,NaN,12\n13,14,.\n16,17,18\n";
  await refused(
    csv,
    /^standard input: 5 missing values: 2 in column "x" \(first line 3\), 1 in column "y" \(line 5\), 2 in column "z" \(first line 3\); .*`dropMissing: true`/,
  );
  const { points, count, reading } = await read(csv, { dropMissing: true });
  assert.deepEqual([points, count, reading.rows], [[1, 2, 3, 16, 17, 18], 2, 6]);
  // Only the columns that are used count.
  const y = await read(csv, { columns: select("y"), dropMissing: true });
  assert.deepEqual([y.points, y.count], [[2, 5, 8, 14, 17], 5]);
  await refused("x\n?\nNA\n", /each of its 2 rows has a missing value/, { dropMissing: true });
  const table = await npy([3, 2], [1, NaN, 3, 4, NaN, NaN]);
  await refused(
    table,
    /3 missing values: 1 in column 1 \(row 3\), 2 in column 2 \(first row 1\)/,
  );
  assert.deepEqual((await read(table, { dropMissing: true })).points, [3, 4]);
  await refused(
    await npy([1, 2], [1, Infinity]),
    /row 1, column 2: Infinity is not a finite float32/,
    {
      dropMissing: true,
    },
  );
});

Deno.test("readPoints() leaves out a first column that counts the rows", async () => {
  const table = (name: string, first = (row: number) => `${row}`) =>
    `${name},x,y\n` + Array.from({ length: 5 }, (_, row) => `${first(row)},${row}.5,7\n`).join("");
  for (const name of ["", '""', "index", "ID", "Row", "Unnamed: 0"]) {
    for (const start of [0, 1, 17]) {
      const { names, dropped, reading, dims } = await read(table(name, (row) => `${row + start}`));
      assert.deepEqual([names, dropped.length, dims], [["x", "y"], 1, 2], name);
      assert.equal(reading.index?.number, 1);
    }
  }
  // Any other name stays, as does what does not count, and what is asked for.
  for (const name of ["year", "t", "idx", "Unnamed: 1"]) {
    assert.equal((await read(table(name))).dims, 3, name);
  }
  // An index of rows in another order is kept, which is said.
  for (const name of ["", "id"]) {
    const { dims, reading, ...other } = await readPoints("-", {
      readStdin: () =>
        ReadableStream.from([
          new TextEncoder().encode(table(name, (row) => `${(3 * row) % 5}`)),
        ]),
    });
    assert.deepEqual([dims, reading.likeIndex?.number], [3, 1]);
    assert.match(
      readingWords("t.csv", { ...other, reading }),
      new RegExp(`different whole number in each row \\(\`drop: ${name === "" ? 1 : '"id"'}\``),
    );
  }
  const repeated = await read(table("id", (row) => `${row % 4}`));
  assert.equal(repeated.reading.likeIndex, undefined);
  assert.equal((await read(table("id", (row) => `${2 * row}`))).dims, 3);
  assert.equal((await read(table("id", (row) => `${row + 0.5}`))).dims, 3);
  assert.equal((await read(table("id"), { columns: select("id,x,y") })).dims, 3);
  assert.equal((await read("id\n1\n2\n3\n4\n")).dims, 1);
  assert.equal((await read("0,1.5\n1,2.5\n2,0.5\n3,3.5\n")).dims, 2); // no line of names
  // Rows that are left out count.
  const gaps = await read(table("id").replace("2.5", "NA"), { dropMissing: true });
  assert.deepEqual([gaps.names, gaps.count], [["x", "y"], 4]);
});

const ofRun: ColumnChoice = {
  kind: "ofRun",
  columns: [
    { name: "height", number: 1, kind: "real" },
    { name: "weight", number: 3, kind: "real" },
  ],
  dropped: [{ number: 2, name: "species" }],
  dims: 2,
};

Deno.test("readPoints() finds a run's columns by name in any order, else by position", async () => {
  const found: [string, "name" | "unnamedFile"][] = [
    ["height,species,weight\n170,setosa,60\n", "name"],
    ["weight,species,height\n60,setosa,170\n", "name"],
    ["height,weight\n170,60\n", "name"],
    ["id,weight,more,height,logProb\n7,60,?,170,-3\n", "name"],
    ["170,setosa,60\n", "unnamedFile"],
    ["170,60\n", "unnamedFile"],
  ];
  for (const [csv, by] of found) {
    const { points, reading } = await read(csv, { columns: ofRun });
    assert.deepEqual([points, reading.by], [[170, 60], by], csv);
  }
  await refused(
    "height,mass\n170,60\n",
    /^standard input: column "weight" is missing; .* "height", "weight", .* "height", "mass"/,
    { columns: ofRun },
  );
  await refused("a,b\n170,60\n", /columns "height", "weight" are missing/, { columns: ofRun });
  await refused("weight,height,weight\n1,2,3\n", /two columns are named "weight"/, {
    columns: ofRun,
  });
  await refused(
    "1,2,3,4\n",
    /has 4 columns without names, the run 2 \("height", "weight"\); write those 2 alone/,
    { columns: ofRun },
  );
});

Deno.test("readPoints() finds the columns of a run that stored none", async () => {
  const older: ColumnChoice = { ...ofRun, columns: null };
  for (
    const csv of [
      "height,species,weight\n170,setosa,60\n",
      "species,height,weight\nsetosa,170,60\n", // found by name, at any position
      "height,weight\n170,60\n",
      "170,setosa,60\n", // found by number
      "a,b,c\n170,7,60\n",
      "170,60\n",
      "x1,x2,logProb\n170,60,-3\n", // samples
      "logProb,x2,x1\n-3,60,170\n",
    ]
  ) {
    assert.deepEqual((await read(csv, { columns: older })).points, [170, 60], csv);
  }
  // An index of one column too many, by its name alone: it need not count.
  for (const name of ["", "id", "Unnamed: 0"]) {
    const indexed = await read(`${name},a,b\n7,170,60\n`, { columns: { ...older, dropped: [] } });
    assert.deepEqual(indexed.points, [170, 60], name);
  }
  await refused(
    "a,b,c\n170,60,setosa\n",
    /has 3 columns \("a", "b", "c"\), the run 2 without names; write those 2 alone/,
    { columns: { ...older, dropped: [] } },
  );
  const { reading } = await read("a,b\n170,60\n", { columns: older });
  assert.equal(reading.by, "unnamedRun", "the file has names");
});
