import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeCsv, float32Digits, readCsv } from "../../src/data/csv.ts";
import { InputError } from "../../src/runtime/errors.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => {
  const { points, count, dims } = readCsv(bytes(text), "points.csv");
  return { points: [...points], count, dims };
};
const fault = (text: string) => {
  try {
    readCsv(bytes(text), "points.csv");
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error.message;
  }
  assert.fail(`no error for ${JSON.stringify(text)}`);
};

Deno.test("readCsv() reads points with and without names, marks and line ends", () => {
  const expected = { points: [1, 2, -3.5, 0.25], count: 2, dims: 2 };
  assert.deepEqual(read("1,2\n-3.5,.25\n"), expected);
  assert.deepEqual(read('"x, metres",y\r\n1, +2\r\n-35e-1,2.5E-1'), expected);
  assert.deepEqual(read("\ufeffx,y\n\n1,2.\n\n-3.5,0.25\n\n"), expected);
  assert.deepEqual(read("7"), { points: [7], count: 1, dims: 1 });
});

Deno.test("readCsv() keeps the file's own numbers in float64, and the columns' names", () => {
  const { points, columns } = readCsv(bytes("time,height\n1764451200.25,1.1\n"), "a");
  assert.deepEqual(points, Float64Array.of(1764451200.25, 1.1));
  assert.deepEqual(columns, ["time", "height"]);
  assert.equal(readCsv(bytes("1,2\n"), "a").columns, null);
});

Deno.test("readCsv() names line and column of the first fault", () => {
  assert.equal(
    fault("1,2\n3,4\n5,6,7\n"),
    "points.csv, line 3: expected 2 numbers, found 3; every line needs as many as the first",
  );
  assert.equal(
    fault("x,y\n1,2\n\n3,abc\n"),
    'points.csv, line 4, column 2: "abc" is not a number; separate numbers with commas',
  );
  assert.match(fault("1,2\n3,\n"), /line 2, column 2: "" is not a number/);
  assert.match(fault("1 2\n3 4\n"), /points\.csv, line 2, column 1: "3 4" is not|holds no points/);
  assert.match(fault("1,2\nnan,3\n"), /line 2, column 1: nan is not finite/);
  assert.match(fault("inf,-inf\n"), /line 1, column 1: inf is not finite/);
  assert.match(fault("1,1e39\n"), /line 1, column 2: 1e39 is beyond float32's range/);
  assert.match(fault("1,0x10\n"), /line 1, column 2: "0x10" is not a number/);
  assert.match(fault(`1,2\n${"9".repeat(50)}z,3`), /line 2, column 1: "9{37}\.\.\." is not/);
});

Deno.test("readCsv() refuses a file without points", () => {
  for (const text of ["", "\n\n", "x,y\n"]) assert.match(fault(text), /holds no points/);
});

Deno.test("float32Digits() reads back, and is as short as can be", () => {
  assert.equal(float32Digits(Math.fround(0.1)), "0.1");
  assert.equal(float32Digits(Math.fround(1 / 3)), "0.33333334"); // as numpy prints it
  assert.equal(float32Digits(16777216), "16777216");
  assert.equal(float32Digits(-0), "-0");
  assert.equal(float32Digits(-Infinity), "-Infinity");
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = float32Digits(value);
      assert.ok(Object.is(Math.fround(Number(text)), value), `${value} became ${text}`);
      const digits = text.replace(/e.*|[-.]/gi, "").replace(/^0+|0+$/g, "").length;
      for (let fewer = 1; fewer < digits; fewer++) {
        assert.notEqual(Math.fround(Number(value.toPrecision(fewer))), value, text);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("encodeCsv() and readCsv() are inverse", async () => {
  const rows = fc.integer({ min: 1, max: 4 }).chain((width) =>
    fc.tuple(
      fc.constant(width),
      fc.array(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
          minLength: width,
          maxLength: width,
        }),
        { minLength: 1, maxLength: 10 },
      ),
      fc.boolean(),
    )
  );
  await fc.assert(fc.asyncProperty(rows, async ([width, values, named]) => {
    const names = named ? Array.from({ length: width }, (_, i) => `x${i}`) : null;
    const chunks = values.map((row) => Float32Array.from(row));
    const parts = await Array.fromAsync(encodeCsv({ names, width }, chunks));
    const back = readCsv(new Uint8Array(await new Blob(parts).arrayBuffer()), "a");
    assert.deepEqual([back.count, back.dims], [values.length, width]);
    // The shortest digits of a float32 name another float64 close by.
    assert.deepEqual(Float32Array.from(back.points), Float32Array.from(values.flat()));
    assert.deepEqual(back.columns, names);
  }));
});

Deno.test("encodeCsv() refuses rows that are not whole", async () => {
  const encode = (names: string[] | null, chunk: Float32Array) =>
    Array.fromAsync(encodeCsv({ names, width: 2 }, [chunk]));
  await assert.rejects(() => encode(null, new Float32Array(3)), RangeError);
  await assert.rejects(() => encode(["x"], new Float32Array(2)), RangeError);
});

Deno.test("readCsv() meets any text with whole points or an InputError", () => {
  const field = fc.oneof(
    fc.double().map(String),
    fc.constantFrom("", "x", '"', "nan", "1e400", " 2 ", "\u0000"),
  );
  const text = fc.array(fc.array(field, { maxLength: 4 }), { maxLength: 6 })
    .map((lines) => lines.map((fields) => fields.join(",")).join("\n"));
  fc.assert(
    fc.property(fc.oneof(text.map(bytes), fc.uint8Array({ maxLength: 64 })), (given) => {
      try {
        const { points, count, dims } = readCsv(given, "a");
        assert.ok(count > 0 && dims > 0 && points.length === count * dims);
        assert.ok(points.every((value) => Number.isFinite(value)));
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
        assert.doesNotMatch(error.message, /\n/);
      }
    }),
    { numRuns: 1000 },
  );
});
