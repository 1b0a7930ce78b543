import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeCsv, float32Digits, readCsv } from "../../../src/data/formats/csv.ts";
import type { PointRows } from "../../../src/data/dataset.ts";
import { InputError } from "../../../src/core/errors.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const names = (columns: PointRows["columns"]) => columns.map(({ name }) => name);
const read = async (text: string) => {
  const { points, count, dims } = await readCsv([bytes(text)], "points.csv");
  return { points: [...points], count, dims };
};
const fault = async (text: string) => {
  try {
    await readCsv([bytes(text)], "points.csv");
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error.message;
  }
  assert.fail(`no error for ${JSON.stringify(text)}`);
};

Deno.test("readCsv() reads points with and without a header, a BOM and line ends", async () => {
  const expected = { points: [1, 2, -3.5, 0.25], count: 2, dims: 2 };
  assert.deepEqual(await read("1,2\n-3.5,.25\n"), expected);
  assert.deepEqual(await read('"x, metres",y\r\n1, +2\r\n-35e-1,2.5E-1'), expected);
  assert.deepEqual(await read("\ufeffx,y\n\n1,2.\n\n-3.5,0.25\n\n"), expected);
  assert.deepEqual(await read("7"), { points: [7], count: 1, dims: 1 });
});

Deno.test("readCsv() keeps float64 precision and the columns' names", async () => {
  const { points, columns } = await readCsv([bytes("time,height\n1764451200.25,1.1\n")], "a");
  assert.deepEqual(points, Float64Array.of(1764451200.25, 1.1));
  assert.deepEqual(names(columns), ["time", "height"]);
  assert.deepEqual(names((await readCsv([bytes("1,2\n")], "a")).columns), [null, null]);
});

Deno.test("readCsv() recognises a header by a word above a number, whatever its other names are", async () => {
  const points = [7, 1.5, 2.5, 8, 3.5, 4.5];
  const table = "7,1.5,2.5\n8,3.5,4.5\n";
  const years = await readCsv([bytes(`plot,2019,2020\n${table}`)], "a");
  assert.deepEqual([[...years.points], names(years.columns)], [points, ["plot", "2019", "2020"]]);
  // Without a word above a number the first line is a point, and its fault is reported.
  assert.match(await fault(`NA,2019,2020\n${table}`), /line 1, column 1: "NA" is a missing value/);
  assert.match(await fault("plot,2019\n"), /line 1, column 1: "plot" is not a number/);
  assert.match(await fault("a,1\nb,2\n"), /line 1, column 1: "a" is not a number/);
  assert.match(await fault("12cm,5\n13,6\n"), /line 1, column 1: "12cm" is a number with a unit/);

  // pandas names unnamed columns 0, 1, ..., and writes its index 0, 1, ... beside them.
  assert.deepEqual(await read(",0,1\n0,1.5,2.5\n1,3.5,4.5\n"), {
    points: [0, 1.5, 2.5, 1, 3.5, 4.5],
    count: 2,
    dims: 3,
  });
  assert.equal((await read(",0,1\n5,1.5,2.5\n")).count, 1);
});

Deno.test("readCsv() does not read a header as a point if columns of words are dropped", async () => {
  const table = "plot,2019,2020\nA,1.5,2.5\nB,3.5,4.5\n";
  const of = (text: string, drop: readonly (string | number)[]) =>
    readCsv([bytes(text)], "a", { columns: { kind: "select", drop } });
  await assert.rejects(of(table, []), {
    message: /line 2, column 1 \("plot"\): "A" is not a number; learn .* out with `drop: "plot"`$/,
  });
  await assert.rejects(of("A,1.5,2.5\nB,3.5,4.5\n", []), {
    message: /line 1, .*with `drop: 1`, or give `header: "yes"` if the first line is names$/,
  });
  const { points, columns, dropped } = await of(table, ["plot"]);
  assert.deepEqual([...points], [1.5, 2.5, 3.5, 4.5]);
  assert.deepEqual(names(columns), ["2019", "2020"]);
  assert.deepEqual(dropped, [{ number: 1, name: "plot" }]);
  assert.deepEqual([...(await of(table, ["plot", "2019"])).points], [2.5, 4.5]);
  // A run's columns.
  const run = await readCsv([bytes(table)], "a", {
    columns: { kind: "ofRun", columns, dropped, dims: 2 },
  });
  assert.deepEqual([...run.points], [1.5, 2.5, 3.5, 4.5]);
  // A file without a header.
  assert.deepEqual([...(await of("A,1.5,2.5\nB,3.5,4.5\n", [1])).points], [1.5, 2.5, 3.5, 4.5]);
});

Deno.test("readCsv() names line and column of the first fault", async () => {
  assert.equal(
    await fault("1,2\n3,4\n5,6,7\n"),
    "points.csv, line 3: expected 2 numbers, found 3; every line needs as many as the first",
  );
  assert.equal(
    await fault("x,y\n1,2\n\n3,abc\n"),
    'points.csv, line 4, column 2 ("y"): "abc" is not a number; correct it, or leave the column ' +
      'out with `drop: "y"`',
  );
  assert.match(await fault("1,2\n3,\n"), /line 2, column 2: a blank field is a missing value/);
  assert.match(await fault("1,2\nnan,3\n"), /line 2, column 1: "nan" is a missing value/);
  assert.match(await fault("inf,-inf\n"), /line 1, column 1: inf is not finite/);
  assert.match(await fault("1,1e39\n"), /line 1, column 2: 1e39 is beyond float32's range/);
  assert.match(
    await fault("1,0x10\n"),
    /line 1, column 2: "0x10" is a hexadecimal number; write it in decimal/,
  );
  assert.match(await fault(`1,2\n${"9".repeat(70)}z,3`), /line 2, column 1: "9{37}\.\.\." is not/);
});

Deno.test("readCsv() reads every form of CSV in RFC 4180, and sloppy ones", async () => {
  const expected = { points: [1, 2, 3, 4], count: 2, dims: 2 };
  const forms = {
    "quoted numbers": '"1","2"\n"3","4"',
    "spaces around quotes": 'x, "y" \n "1" ,"2"\n3, " 4 "',
    "mixed line ends": "x,y\r\n1,2\n3,4\r\n",
    "blank lines of spaces": "  \n1,2\n\t\n\r\n3,4\n \n",
    "a name of two lines": '"height\nin cm",y\n1,2\n3,4\n',
    "quotes in names": 'the "x",5" pipe\n1,2\n3,4\n',
    "doubled quotes": '"the ""x""",y\n1,2\n3,4\n',
    "a title above": "# measured, on, Monday\n1,2\n3,4\n",
    "a stray carriage return": "1,2\r\r\n3,4",
    "no-break spaces": "\u00a01,2\u00a0\n3,4",
  };
  for (const [what, text] of Object.entries(forms)) {
    assert.deepEqual(await read(text), expected, what);
  }
  const { columns } = await readCsv([bytes('"the ""x""", "y, m" \n1,2\n')], "a");
  assert.deepEqual(names(columns), ['the "x"', "y, m"]);
});

Deno.test("readCsv() reads chunks split anywhere", async () => {
  const given = bytes('\ufeff"größe, m","y"\r\n1.25e1,2\r\n\r\n"-3",4\r\n');
  for (let size = 1; size < given.length; size++) {
    const chunks = Array.from(
      { length: Math.ceil(given.length / size) },
      (_, i) => given.slice(i * size, (i + 1) * size),
    );
    const { points, columns } = await readCsv(chunks, "a");
    assert.deepEqual([...points], [12.5, 2, -3, 4]);
    assert.deepEqual(names(columns), ["größe, m", "y"]);
  }
});

Deno.test("readCsv() names the line where a quote is left open", async () => {
  assert.equal(
    await fault('x,y\n1,2\n3,"4\n5,6\n'),
    "points.csv, line 3: a quote begins here and is not closed before the file ends; write a " +
      'quote inside a field twice ("")',
  );
});

Deno.test("readCsv() takes time linear in a line's length", async () => {
  const started = performance.now();
  const digits = "9".repeat(400_000);
  for (const line of [`${digits}z`, `${digits}.${digits}.`, `1e${digits}z`, "- ".repeat(200_000)]) {
    assert.match(await fault(`1\n${line}\n`), /line 2, column 1: ".{37}\.\.\." is not a number/);
  }
  // Took 117 s when the number pattern backtracked over every split of the digits.
  assert.ok(performance.now() - started < 10_000);
});

/** Repeats `text` forever. */
function* endless(text: string) {
  const chunk = bytes(text.repeat(2 ** 16));
  for (;;) yield chunk;
}

Deno.test("readCsv() stops at its limits and names them", async () => {
  for (const text of [",", '"', "1", " ", "\u20ac"]) {
    await assert.rejects(() => readCsv(endless(text), "a.csv"), {
      name: "InputError",
      message: "a.csv, line 1: longer than 8 MiB, the limit; end each point's line, " +
        "and close every quote",
    }, text);
  }
  assert.match(
    await fault(`1,2\n${",".repeat(2 ** 20)}\n`),
    /line 2: has 1048577 numbers; the limit is 1048576 per line/,
  );
});

Deno.test("readCsv() reads ten megabytes of empty lines, and many rows below a comment", async () => {
  const started = performance.now();
  const expected = { points: [1, 2, 3, 4], count: 2, dims: 2 };
  assert.deepEqual(await read(`1,2\n${"\n \n\r\n".repeat(2_000_000)}3,4`), expected);
  assert.equal((await read(`# a title\n${"1,2\n".repeat(200_000)}`)).count, 200_000);
  // The parser takes 5 minutes for these lines if it creates an error for each of them.
  assert.ok(performance.now() - started < 20_000);
});

Deno.test("readCsv() refuses a file without points", async () => {
  for (const text of ["", "\n\n", "x,y\n"]) assert.match(await fault(text), /contains no points/);
});

Deno.test("float32Digits() reads back exactly and is as short as possible", () => {
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
    const back = await readCsv(parts, "a");
    assert.deepEqual([back.count, back.dims], [values.length, width]);
    // The shortest digits of a float32 parse to a different, nearby float64.
    assert.deepEqual(Float32Array.from(back.points), Float32Array.from(values.flat()));
    const read = back.columns.map(({ name }) => name);
    assert.deepEqual(read, names ?? Array(width).fill(null));
  }));
});

Deno.test("encodeCsv() refuses partial rows", async () => {
  const encode = (names: string[] | null, chunk: Float32Array) =>
    Array.fromAsync(encodeCsv({ names, width: 2 }, [chunk]));
  await assert.rejects(() => encode(null, new Float32Array(3)), RangeError);
  await assert.rejects(() => encode(["x"], new Float32Array(2)), RangeError);
});

Deno.test("readCsv() returns complete points or throws an InputError for any text", async () => {
  const field = fc.oneof(
    fc.double().map(String),
    fc.constantFrom("", "x", '"', "nan", "1e400", " 2 ", "\u0000"),
  );
  const text = fc.array(fc.array(field, { maxLength: 4 }), { maxLength: 6 })
    .map((lines) => lines.map((fields) => fields.join(",")).join("\n"));
  await fc.assert(
    fc.asyncProperty(fc.oneof(text.map(bytes), fc.uint8Array({ maxLength: 64 })), async (given) => {
      try {
        const { points, count, dims } = await readCsv([given], "a");
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
