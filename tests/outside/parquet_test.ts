import assert from "node:assert/strict";
import { decimalNumber, decimalScale } from "../../src/data/formats/parquet/decimal.ts";
import { type PointsOptions, readPoints } from "../../src/data/tables/point_rows.ts";
import { readingWords } from "../../src/data/tables/reading_words.ts";
import { refusalsIn } from "./_refusal.ts";

/* Files as pandas and pyarrow write them: files/parquet/make.py. */

const folder = new URL("./files/parquet/", import.meta.url).pathname;
const truth = await readPoints(`${folder}truth.npy`);

async function read(name: string, options: PointsOptions = {}) {
  return await readPoints(`${folder}${name}.parquet`, options);
}

const refusal = refusalsIn(folder);

Deno.test("readPoints() reads Parquet in every codec, page and encoding that pandas writes", async () => {
  // index.parquet has the labels of its rows as a column of the file, which is none of the table.
  const files = [
    "none",
    "snappy",
    "gzip",
    "brotli",
    "zstd",
    "groups",
    "pages_v2",
    "split",
    "index",
  ];
  for (const name of files) {
    const { points, columns, count } = await read(name);
    assert.equal(count, 30, name);
    assert.deepEqual(columns.map(({ name }) => name), ["x", "y"], name);
    assert.deepEqual(points, truth.points, name);
  }
  const sorted = await read("sorted"); // `__index_level_0__` holds the rows' first places
  assert.deepEqual(sorted.columns.map(({ name }) => name), ["x", "y"]);
  const rising = [...truth.points].filter((_, i) => i % 2 === 0).sort((a, b) => a - b);
  assert.deepEqual([...sorted.points].filter((_, i) => i % 2 === 0), rising);
  assert.match(await refusal(read("lz4")), /^lz4\.parquet: is compressed by LZ4_RAW, .*"snappy"$/);
});

Deno.test("readPoints() reads numbers of every Parquet type", async () => {
  const whole = Array.from({ length: 30 }, (_, i) => i);
  const column = async (name: string) => {
    const columns = { kind: "select", columns: [name] } as const;
    return [...(await read("types", { columns })).points];
  };
  assert.deepEqual(await column("i8"), whole);
  assert.deepEqual(await column("u16"), whole);
  assert.deepEqual(await column("u32"), whole.map((i) => i + 2 ** 31));
  assert.deepEqual(await column("i64"), whole.map((i) => i * 1e12));
  assert.deepEqual(await column("u64"), whole);
  assert.deepEqual(await column("b"), whole.map((i) => i % 2 === 0 ? 1 : 0));
  assert.deepEqual(await column("d"), whole.map((i) => i / 4));
  const half = Float16Array.from(truth.points.filter((_, i) => i % 2 === 0));
  assert.deepEqual(await column("f16"), [...half]);
  const { points } = await read("delta");
  assert.deepEqual([...points], whole.flatMap((i) => [3 * i, i * i]));
});

Deno.test("readPoints() names what of a Parquet file is missing or no number", async () => {
  assert.match(
    await refusal(read("missing")),
    /11 missing values: 1 in column "x".*, 10 in column "k"/,
  );
  const { count, points } = await read("missing", { dropMissing: true });
  assert.equal(count, 19);
  assert.ok(points.every(Number.isFinite));
  assert.match(
    await refusal(read("others")),
    /5 columns hold no numbers: "s" \(text\), "c" \(text\), "day" \(dates or times\), "at" \(dates or times\), "l" \(lists or records\); learn the categories of text with `categorical: "s"` `categorical: "c"`, or write dates and times as numbers, .* or leave them out with `drop: "s"` `drop: "c"`/,
  );
  const drop = ["s", "c", "day", "at", "l"];
  for (const [name, message] of [["day", /dates and times as numbers/], ["l", /leave it out/]]) {
    const columns = { kind: "select", drop: drop.filter((one) => one !== name) } as const;
    const reading = read("others", { columns: { ...columns, categorical: [name as string] } });
    const text = await refusal(reading);
    assert.match(text, /^others.parquet: 1 column holds no numbers/);
    assert.match(text, message as RegExp);
  }
  const { points: left } = await read("others", { columns: { kind: "select", drop } });
  assert.deepEqual(left, truth.points);
});

/** The texts of a column's categories, row by row; blank in rows that are left out. */
async function categoriesIn(file: string, column: string | number, options: PointsOptions = {}) {
  const columns = { kind: "select", columns: [column], categorical: [column] } as const;
  const found = await readPoints(`${folder}${file}`, { ...options, columns });
  const [kind] = found.columns;
  assert.ok(kind?.kind === "categorical");
  const { categories } = kind;
  return { categories, rows: [...found.points].map((index) => categories[index]!) };
}

Deno.test("readPoints() reads text columns of Parquet as categories, in every way that they are stored", async () => {
  const species = Array.from({ length: 30 }, (_, i) => ["cat", "dog", "pig, small"][i % 3]!);
  for (const file of ["texts.parquet", "texts_plain.parquet"]) {
    for (const column of ["plain", "dict", "large", "old"]) {
      const { categories, rows } = await categoriesIn(file, column);
      assert.deepEqual(categories, ["cat", "dog", "pig, small"], `${file} ${column}`);
      assert.deepEqual(rows, species, `${file} ${column}`);
    }
    const flags = await categoriesIn(file, "flag");
    assert.deepEqual(flags.categories, ["0", "1"]);
    assert.deepEqual(flags.rows.slice(0, 3), ["1", "0", "1"]);
    // Blank texts are missing, as null is; NA is a text in a file that has null.
    assert.match(
      await refusal(categoriesIn(file, "odd")),
      /7 missing values: 7 in column "odd" \(first row 6\)/,
    );
    const odd = await categoriesIn(file, "odd", { dropMissing: true });
    assert.deepEqual(odd.categories, ["007", "7", "NA", "a\nb", "x", "é😀"]);
    assert.deepEqual(odd.rows.slice(0, 7), ["x", "NA", "007", "é😀", "a\nb", "7", "x"]);
    assert.match(
      await refusal(categoriesIn(file, "bytes")),
      /: column "bytes" holds bytes that are no text \(UTF-8\); leave it out$/,
    );
  }
  assert.match(
    await refusal(categoriesIn("texts_delta.parquet", "s")),
    /^texts_delta.parquet: column "s" is encoded by DELTA_BYTE_ARRAY, which is not read; write it/,
  );
  // pandas' categories, ordered or of numbers, are those of its CSV.
  for (const column of ["kind", "size"]) {
    const [a, b] = [
      await categoriesIn("pets.parquet", column),
      await categoriesIn("pets.csv", column),
    ];
    assert.deepEqual(a, b);
  }
});

Deno.test("a run finds its categories in Parquet and in CSV, by their texts alone", async () => {
  const columns = { kind: "select", columns: ["odd"], categorical: ["odd"] } as const;
  const own = await read("texts", { columns, dropMissing: true });
  const choice = { kind: "ofRun", columns: own.columns, dropped: [], dims: 1 } as const;
  const again = await read("texts_plain", { columns: choice, dropMissing: true });
  assert.deepEqual(again.points, own.points);
  // The samples of such a run, in which NA is a category and 007 is not 7.
  const csv = (text: string) =>
    readPoints("-", {
      columns: choice,
      readStdin: () => ReadableStream.from([new TextEncoder().encode(text)]),
    });
  assert.deepEqual([...(await csv('odd\nNA\n007\n7\n7.0\n"a\nb"\n x\n')).points], [
    2,
    0,
    1,
    1,
    3,
    4,
  ]);
  assert.match(await refusal(csv("odd\nnone\n")), /"none" is a missing value/);
  // Numbers of Parquet are never indices of categories, as those of NPY files of samples are.
  const species = { kind: "categorical", categories: ["cat", "dog"] } as const;
  const run = { ...choice, columns: [{ name: "flag", number: 1, ...species }] };
  assert.match(
    await refusal(read("texts", { columns: run })),
    /row 1.*"1" is none of the run's cat/,
  );
  const other = { ...choice, columns: [{ name: "plain", number: 1, kind: "real" }] } as const;
  assert.match(
    await refusal(read("texts", { columns: other })),
    /"plain" \(text\); write it as numbers$/,
  );
});

Deno.test("readPoints() says which whole numbers float64 rounds", async () => {
  const rounded = async (file: string, options: PointsOptions = {}) =>
    (await readPoints(`${folder}${file}`, options)).reading.rounded.map((found) => {
      const { column, count, exact, place } = found;
      return [column.name ?? column.number, count, exact, found.rounded, place];
    });
  const first = [15, 2n ** 53n + 1n, 2n ** 53n, "row 2"];
  assert.deepEqual(await rounded("big.parquet"), [
    ["id", ...first],
    ["key", 30, 2n ** 63n + 1n, 2n ** 63n, "row 1"],
  ]);
  assert.deepEqual(await rounded("big.parquet", { columns: { kind: "select", drop: ["id"] } }), [
    ["key", 30, 2n ** 63n + 1n, 2n ** 63n, "row 1"],
  ]);
  for (const file of ["big.npy", "big_fortran.npy"]) {
    assert.deepEqual(await rounded(file), [
      [1, ...first],
      [2, 15, 2n ** 60n - 1n, 2n ** 60n, "row 2"],
    ], file);
  }
  const lines = Array.from({ length: 5 }, (_, i) => `-9007199254740993,${1 + i / 3},9e15\n`);
  const text = `id,x,y\n${lines.join("")}-9007199254740992,9007199254740993.5,1e300\n`;
  const ofCsv = async (columns: readonly string[]) =>
    (await readPoints("-", {
      columns: { kind: "select", columns },
      readStdin: () => ReadableStream.from([new TextEncoder().encode(text)]),
    })).reading.rounded;
  assert.deepEqual(await ofCsv(["x"]), []);
  assert.deepEqual(await ofCsv(["x", "id"]), [{
    ...{ column: { name: "id", number: 1 }, count: 5, place: "line 2" },
    ...{ exact: -9007199254740993n, rounded: -9007199254740992n },
  }]);
});

Deno.test("readPoints() reads decimals to the nearest float64, and counts whole ones that it rounds", async () => {
  const { points, dims, reading } = await read("decimals");
  const column = (at: number) => [...points].filter((_, i) => i % dims === at);
  const of = (text: (i: number) => string) => Array.from({ length: 30 }, (_, i) => Number(text(i)));
  assert.deepEqual(column(0), of((i) => `${2n ** 53n + BigInt(i)}`));
  assert.deepEqual(column(1), of((i) => `${10n ** 17n + BigInt(i)}e-2`));
  assert.deepEqual(column(2), of((i) => `${-(2n ** 53n) - BigInt(i)}`));
  assert.deepEqual(column(3), of((i) => `${3 * i - 1}e-1`));
  assert.deepEqual(
    reading.rounded.map(({ column, count, exact, place }) => [column.name, count, exact, place]),
    [["id", 15, 2n ** 53n + 1n, "row 2"], ["whole", 15, -(2n ** 53n) - 1n, "row 2"]],
  );
});

Deno.test("decimalNumber() and decimalScale() take what the file says, or refuse it", () => {
  const element = { name: "d", type: "INT64" } as const;
  const logical = (scale: number) => ({ type: "DECIMAL", precision: 18, scale }) as const;
  // Without the older annotation beside the logical type the numbers are decimals all the same.
  assert.equal(decimalScale({ ...element, logical_type: logical(3) }), 3);
  assert.equal(decimalScale({ ...element, converted_type: "DECIMAL", scale: 2 }), 2);
  assert.equal(decimalScale({ ...element, converted_type: "UINT_64", scale: 2 }), null);
  for (const scale of [-1, 77, 2 ** 31 - 1, 0.5]) {
    assert.throws(() => decimalScale({ ...element, logical_type: logical(scale) }), RangeError);
  }
  assert.equal(decimalNumber(-1234n, 3).nearest, -1.234);
  assert.equal(decimalNumber(Uint8Array.of(0xff, 0x85), 1).nearest, -12.3);
  for (const stored of [new Uint8Array(33), 1.5, true, "1"]) {
    assert.throws(() => decimalNumber(stored, 0), RangeError);
  }
});

Deno.test("readPoints() refuses a Parquet file that is cut short", async () => {
  const bytes = await Deno.readFile(`${folder}snappy.parquet`);
  for (const length of [4, 8, 100, bytes.length - 1]) {
    const readStdin = () => ReadableStream.from([bytes.slice(0, length)]);
    assert.match(await refusal(readPoints("-", { readStdin })), /not a whole Parquet file/);
  }
});

Deno.test("readingWords() counts rounded whole numbers by column, and offers to leave ids out", async () => {
  const words = async (file: string) => readingWords(file, await readPoints(`${folder}${file}`));
  assert.match(
    await words("big.parquet"),
    /; 15 whole numbers beyond 2\^53 of column "id" are rounded, the first in row 2 from 9007199254740993 to 9007199254740992, 30 whole .*"key".*\(ids are left out with `drop: "id"` `drop: "key"`, times keep/,
  );
  assert.ok(!/2\^53/.test(await words("groups.parquet")));
});
