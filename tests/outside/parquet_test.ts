import assert from "node:assert/strict";
import { InputError } from "../../src/core/errors.ts";
import { type PointsOptions, readPoints } from "../../src/data/tables/point_rows.ts";

/* Files as pandas and pyarrow write them: files/parquet/make.py. */

const folder = new URL("./files/parquet/", import.meta.url).pathname;
const truth = await readPoints(`${folder}truth.npy`);

async function read(name: string, options: PointsOptions = {}) {
  return await readPoints(`${folder}${name}.parquet`, options);
}

async function refusal(reading: Promise<unknown>): Promise<string> {
  try {
    await reading;
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error.message.replace(folder, "");
  }
  assert.fail("it was read");
}

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
    /5 columns hold no numbers: "s" \(text\), "c" \(text\), "day" \(dates or times\), "at" \(dates or times\), "l" \(lists or records\); leave them out with `drop: "s"` `drop: "c"`/,
  );
  const drop = ["s", "c", "day", "at", "l"];
  const { points: left } = await read("others", { columns: { kind: "select", drop } });
  assert.deepEqual(left, truth.points);
});

Deno.test("readPoints() refuses a Parquet file that is cut short", async () => {
  const bytes = await Deno.readFile(`${folder}snappy.parquet`);
  for (const length of [4, 8, 100, bytes.length - 1]) {
    const readStdin = () => ReadableStream.from([bytes.slice(0, length)]);
    assert.match(await refusal(readPoints("-", { readStdin })), /not a whole Parquet file/);
  }
});
