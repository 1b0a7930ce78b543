import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeNpy } from "../../../../src/data/formats/npy.ts";
import type { ColumnChoice, TableColumn } from "../../../../src/data/tables/columns.ts";
import { columnAdvice } from "../../../../src/data/tables/kinds/column_advice.ts";
import { gridOf } from "../../../../src/data/tables/kinds/grid.ts";
import { parsePoints, readPoints } from "../../../../src/data/tables/point_rows.ts";

/** Reads the text of a CSV file. */
async function readText(text: string, columns?: ColumnChoice) {
  const bytes = new TextEncoder().encode(text);
  return await parsePoints(
    { place: "pets.csv", head: bytes, chunks: ReadableStream.from([bytes]), sha256: () => "" },
    { columns },
  );
}

/** Reads [n, width] numbers of an NPY file. */
async function readNumbers(values: readonly number[], width: number, columns?: ColumnChoice) {
  const parts = encodeNpy([values.length / width, width], [Float32Array.from(values)]);
  const chunks = await Array.fromAsync(parts);
  const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
  return await parsePoints(
    { place: "pets.npy", head: bytes, chunks: ReadableStream.from([bytes]), sha256: () => "" },
    { columns },
  );
}

const pets = 'species,weight,age\ndog,20.5,3\ncat,4.2,11\n"guinea pig, small",0.9,2\ncat,3.9,7\n';
const asked = {
  kind: "select",
  categorical: ["species"],
  log: ["weight"],
  dequantize: [3],
} as const;

/** The choice of a run with these columns. */
function ofRun(columns: readonly TableColumn[]): ColumnChoice {
  return { kind: "ofRun", columns, dropped: [], dims: columns.length };
}

Deno.test("readPoints() gives categories as indices, and says what each column is", async () => {
  const { points, columns } = await readText(pets, asked);
  assert.deepEqual([...points], [1, 20.5, 3, 0, 4.2, 11, 2, 0.9, 2, 0, 3.9, 7]);
  assert.deepEqual(columns, [
    {
      name: "species",
      number: 1,
      kind: "categorical",
      categories: ["cat", "dog", "guinea pig, small"],
    },
    { name: "weight", number: 2, kind: "log" },
    { name: "age", number: 3, kind: "dequantized", step: 1, origin: 0 },
  ]);
  // A run finds its categories by their texts, whatever is in the file and in which order.
  const again = await readText("age,species,weight\n3,dog,1\n", ofRun(columns));
  assert.deepEqual([...again.points], [1, 1, 3]);
  assert.deepEqual(again.columns.map(({ kind }) => kind), ["categorical", "log", "dequantized"]);
  // A file of numbers alone has the indices, as samples in NPY do.
  assert.deepEqual([...(await readNumbers([2, 5, 4], 3, ofRun(columns))).points], [2, 5, 4]);
});

Deno.test("categories that are numbers are in their order, and equal if their values are", async () => {
  const choice = { kind: "select", categorical: [1] } as const;
  const { points, columns } = await readText("10,1\n9,1\n10.0,2\n-1,3\n", choice);
  const [{ kind, ...first }] = columns as [TableColumn];
  assert.deepEqual([kind, first], ["categorical", {
    name: null,
    number: 1,
    categories: ["-1", "9", "10"],
  }]);
  assert.deepEqual([...points], [2, 1, 1, 1, 2, 2, 0, 3]);
  assert.deepEqual([...(await readNumbers([9, 4, 10, 5], 2, ofRun(columns))).points], [1, 4, 2, 5]);
  // Codes written in digits are texts: 01 is not 1, and float64 would round the last two to one.
  const codes = "01,1\n1,2\n9007199254740993,3\n9007199254740992,4\n1.0,5\n";
  const [written] = (await readText(codes, choice)).columns;
  assert.deepEqual(written?.kind === "categorical" && written.categories, [
    ...["01", "1", "9007199254740992", "9007199254740993"],
  ]);
  const own = await readNumbers([5, 1, 3, 1], 2, { kind: "select", categorical: [1] });
  assert.deepEqual([...own.points], [1, 1, 0, 1]);
});

Deno.test("readPoints() refuses columns that are not what the options say, and where", async () => {
  const { columns } = await readText(pets, asked);
  const many = Array.from({ length: 101 }, (_, i) => `c${i},1\n`).join("");
  const refused: readonly (readonly [string, ColumnChoice, RegExp])[] = [
    ["a,b\n1,2\n2,0\n", { kind: "select", log: ["b"] }, /line 3, column "b": 0 has no logarithm/],
    ["a,b\n1,2\n2,-4\n", { kind: "select", log: [2] }, /line 3, column "b": -4 has no logarithm/],
    [
      "a,b\n1,2\n2,0.1234567891\n3,4\n",
      { kind: "select", dequantize: ["b"] },
      /column "b": `dequantize: "b"`: its values are on no grid .* 0.1234567891/,
    ],
    [
      "a,b\n1,2\n2,90000.01\n3,4\n",
      { kind: "select", dequantize: ["b"] },
      /multiples of 0.01, \d+ of them to a standard deviation: noise of one step changes nothing/,
    ],
    [`k,b\n${many}`, { kind: "select", categorical: ["k"] }, /"c100" is category 101; at most 100/],
    [
      "k,b\na,1\na,2\n",
      { kind: "select", categorical: ["k"] },
      /has one category, "a", in all rows/,
    ],
    [
      "k,b\n7,1\n7,2\n",
      { kind: "select", dequantize: ["k"] },
      /column "k" has one value, 7, in all rows; leave it out with `drop: "k"`/,
    ],
    [pets, { ...asked, drop: ["weight"] }, /`log: "weight"`: column "weight" is left out/],
    [pets, { ...asked, columns: [1, 2] }, /`dequantize: "age"`: column "age" is left out/],
    [pets, { ...asked, log: ["weight", 3] }, /"age" is named by `log` too; give one of them/],
    [pets, { kind: "select", log: ["wieght"] }, /`log: "wieght"`: no such column/],
    [
      pets,
      { kind: "select" },
      /"dog" is not a number; learn its categories with `categorical: "species"`, or leave the column out/,
    ],
    [
      "species,weight,age\ncat,1,2\nhorse,400,3\n",
      ofRun(columns),
      /pets.csv, line 3, column "species": "horse" is none of the run's categories, "cat", "dog"/,
    ],
  ];
  for (const [text, choice, message] of refused) {
    await assert.rejects(readText(text, choice), { name: "InputError", message });
  }
  await assert.rejects(readNumbers([3, 1, 1], 3, ofRun(columns)), {
    name: "InputError",
    message: /row 1, column 1: "3" is none of the run's categories/,
  });
});

Deno.test("a missing category is a missing value, and a named index column is kept", async () => {
  const text = "id,k\n1,a\n2,\n3,b\n4,NA\n";
  const choice = { kind: "select", categorical: ["k"] } as const;
  await assert.rejects(readText(text, choice), { message: /2 missing values/ });
  const bytes = new TextEncoder().encode(text);
  const { points } = await parsePoints({
    place: "x",
    head: bytes,
    chunks: ReadableStream.from([bytes]),
    sha256: () => "",
  }, {
    columns: { ...choice, dequantize: ["id"] },
    dropMissing: true,
  });
  assert.deepEqual([...points], [1, 0, 3, 1]);
});

Deno.test("gridOf() finds the coarsest decimal grid, in float32 too", () => {
  const grid = fc.record({
    places: fc.integer({ min: 0, max: 4 }),
    units: fc.integer({ min: 1, max: 30 }),
    offset: fc.integer({ min: -100, max: 100 }),
    steps: fc.uniqueArray(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 9 }),
  });
  fc.assert(fc.property(grid, fc.boolean(), ({ places, units, offset, steps }, isFloat32) => {
    // Steps 0 and 1 are among them, so no coarser grid holds all.
    const whole = [0, 1, ...steps].map((step) => offset + step * units);
    const values = whole.map((value) => Number(`${value}e-${places}`));
    const found = gridOf(isFloat32 ? Float32Array.from(values) : values)!;
    assert.equal(found.step, Number(`${units}e-${places}`));
    const position = (offset - Number(found.origin.toFixed(places)) * 10 ** places) / units;
    assert.ok(Math.abs(position - Math.round(position)) < 1e-6);
  }));
  assert.equal(gridOf([0, Math.SQRT2, 1]), null);
});

Deno.test("columnAdvice() offers what real tables ask for, and nothing else", async () => {
  const advised = async (file: string) => {
    const { points, columns, count, dims } = await readPoints(`../shared/tables/${file}.csv`);
    return columns.flatMap(({ name }, column) => {
      const values = Float64Array.from({ length: count }, (_, row) => points[row * dims + column]!);
      const advice = columnAdvice(values.sort());
      return advice === null ? [] : [`${advice.kind} ${name}`];
    });
  };
  // Rounded to 0.1, with 22 to 43 different values in 150 rows.
  assert.equal((await advised("iris")).filter((line) => line.startsWith("dequantize")).length, 4);
  assert.deepEqual(await advised("wine"), [
    "dequantize magnesium",
    "dequantize nonflavanoid_phenols",
  ]);
  // The standard errors of the measurements; no column of 569 rows repeats its values much.
  const cancer = await advised("cancer");
  assert.ok(
    cancer.every((line) => /^log .* error$/.test(line)) && cancer.length === 6,
    `${cancer}`,
  );
  const normal = Float64Array.from({ length: 99 }, (_, i) => Math.sinh((i - 49) / 30)).sort();
  assert.equal(columnAdvice(normal), null);
  // The middle value is 0 already.
  const rain = normal.map((value, i) => i < 40 ? 0 : value * value).sort();
  assert.deepEqual(columnAdvice(rain), { kind: "pointMass", value: 0, share: 41 / 99 });
});
