import assert from "node:assert/strict";
import { type ColumnChoice, droppedColumns } from "../../../src/data/tables/columns.ts";
import { encodeNpy } from "../../../src/data/formats/npy.ts";
import { readPoints } from "../../../src/data/tables/point_rows.ts";

const names = ["height", "species", "3", "species"];

const drop = (...drop: (string | number)[]): ColumnChoice => ({ kind: "drop", drop });

async function read(bytes: Uint8Array | string, columns: ColumnChoice) {
  const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  const readStdin = () => ReadableStream.from([Uint8Array.from(content)]);
  const { points, firstLine: _firstLine, ...rest } = await readPoints("-", { readStdin, columns });
  return { points: [...points], ...rest };
}

Deno.test("droppedColumns() prefers names to numbers, and counts from 1", () => {
  const file = { names, count: 4 };
  const of = (...wanted: (string | number)[]) =>
    droppedColumns(file, drop(...wanted), "t.csv").map(({ number }) => number);
  assert.deepEqual(of("height"), [1]);
  assert.deepEqual(of("3"), [3]);
  assert.deepEqual(of(3, "1", 3), [1, 3]);
  assert.deepEqual(of(), []);
  assert.deepEqual(droppedColumns({ names: null, count: 2 }, drop("2"), "t"), [
    { number: 2, name: null },
  ]);
});

Deno.test("droppedColumns() refuses missing and ambiguous columns, and dropping all", () => {
  const refused = (choice: ColumnChoice, message: RegExp, file = { names, count: 4 }) =>
    assert.throws(() => droppedColumns(file, choice, "t.csv"), { name: "InputError", message });
  refused(drop("weight"), /^t\.csv: `drop: "weight"`: no such column; it has 4, named "height", /);
  refused(drop("0"), /`drop: "0"`: no such column/);
  refused(drop("5"), /`drop: "5"`: no such column/);
  refused(drop("species"), /two columns have this name; give the number/);
  refused(drop("1", "2", "height", "3", "4"), /leaves no column of 4/);
  const nameless = { names: null, count: 2 };
  assert.throws(() => droppedColumns(nameless, drop("x"), "t"), { message: /from 1$/ });
});

Deno.test("readPoints() does not parse dropped columns", async () => {
  const csv = "height,species,weight\n170,setosa,60\n180,,70\n";
  const expected = { points: [170, 60, 180, 70], count: 2, dims: 2 };
  const dropped = [{ number: 2, name: "species" }];
  const columns = [
    { name: "height", number: 1, kind: "real" },
    { name: "weight", number: 3, kind: "real" },
  ];
  assert.deepEqual(await read(csv, drop("species")), { ...expected, columns, dropped });
  assert.deepEqual(await read(csv, drop(2)), { ...expected, columns, dropped });
  await assert.rejects(read(csv, drop()), {
    message: /line 2, column 2 \("species"\): "setosa" is not a number; .*`drop: "species"`$/,
  });
  await assert.rejects(read("1,a\n2,b\n", drop()), {
    message: /`drop: 2`, or give `header: "yes"` if the first line is names$/,
  });
  const npy = new Uint8Array(
    await new Blob(await Array.fromAsync(encodeNpy([2, 3], [Float32Array.of(1, NaN, 2, 3, 4, 5)])))
      .arrayBuffer(),
  );
  assert.deepEqual((await read(npy, drop(2))).points, [1, 2, 3, 5]);
  await assert.rejects(read(npy, drop(1)), { message: /row 1, column 2: NaN/ });
});

// Columns that a run dropped may or may not be present in another file.
Deno.test("readPoints() finds a run's columns with and without the dropped one", async () => {
  const ofRun: ColumnChoice = {
    kind: "ofRun",
    columns: null,
    dropped: [{ number: 2, name: "species" }],
    dims: 2,
  };
  for (
    const csv of [
      "height,species,weight\n170,setosa,60\n",
      "species,height,weight\nsetosa,170,60\n", // found by name, at any position
      "height,weight\n170,60\n",
      "170,setosa,60\n", // found by number
      "a,b,c\n170,7,60\n",
      "170,60\n",
    ]
  ) {
    assert.deepEqual((await read(csv, ofRun)).points, [170, 60], csv);
  }
  assert.equal((await read("1,2,3,4\n", ofRun)).dims, 4); // left for the caller to report
});
