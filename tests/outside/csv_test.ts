import assert from "node:assert/strict";
import type { CsvOptions } from "../../src/data/formats/csv.ts";
import { readPoints } from "../../src/data/tables/point_rows.ts";
import { refusalsIn } from "./_refusal.ts";

/*
 * Tables as people have them: files of public reports, each with what must come out, and variants of
 * each kind, written here as the programs named write them.
 */

const folder = new URL("./files/csv/", import.meta.url).pathname;
const truth = await readPoints(`${folder}truth.npy`);

type Content = string | Uint8Array<ArrayBuffer>;

async function read(content: Content, options: CsvOptions = {}) {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const readStdin = () => ReadableStream.from([bytes]);
  return await readPoints("-", {
    readStdin,
    columns: { kind: "select", drop: [] },
    ...options,
  });
}

const refusal = refusalsIn(folder);

for (
  const name of [
    ...["plain.csv", "quoted.csv", "semicolon.csv", "tab.tsv", "trailing-comma.csv"],
    ...["cr-line-ends.csv", "hash-footer.csv", "pandas-columns-0-1.csv"],
  ]
) {
  Deno.test(`readPoints() reads the 200 points of ${name}`, async () => {
    const { points, count, dims } = await readPoints(folder + name);
    assert.deepEqual([count, dims], [200, 2]);
    // They were written with seven digits.
    points.forEach((value, i) => {
      assert.ok(Math.abs(value - truth.points[i]!) <= 5e-7 * Math.abs(value), `${i}: ${value}`);
    });
  });
}

for (const [name, names] of [["pandas-index.csv", "x,y"], ["r_write_csv.csv", "V1,V2"]] as const) {
  Deno.test(`readPoints() reads the 200 points of ${name} without its index`, async () => {
    const { points, count, columns, dropped, reading } = await readPoints(folder + name);
    assert.deepEqual([count, columns.map((column) => column.name).join()], [200, names]);
    assert.deepEqual([dropped, reading.index], [[{ number: 1, name: null }], dropped[0]]);
    points.forEach((value, i) =>
      assert.ok(Math.abs(value - truth.points[i]!) <= 5e-7 * Math.abs(value))
    );
    const kept = await readPoints(folder + name, {
      columns: { kind: "select", columns: ["1", names] },
    });
    assert.deepEqual([kept.dims, kept.points[3]], [3, kept.points[0]! + 1]);
  });
}

Deno.test("readPoints() names the column of label-column.csv, and reads the others", async () => {
  const path = `${folder}label-column.csv`;
  assert.match(
    await refusal(readPoints(path, { columns: { kind: "select", drop: [] } })),
    /line 2, column 3 \("species"\): "virginica" is not a number; .*`drop: "species"`$/,
  );
  const { points, count } = await readPoints(path, {
    columns: { kind: "select", drop: ["species"] },
  });
  assert.equal(count, 200);
  points.forEach((value, i) =>
    assert.ok(Math.abs(value - truth.points[i]!) <= 5e-7 * Math.abs(value))
  );
});

Deno.test("readPoints() refuses files with the true cause and its place", async () => {
  assert.match(await refusal(readPoints(`${folder}blank-field.csv`)), /line 52\b.*missing value/);
  assert.match(
    await refusal(readPoints(`${folder}semicolon-decimal-comma.csv`)),
    /line 2, column 1 \("x"\): "1,062865" has a decimal comma/,
  );
  assert.match(
    await refusal(readPoints(`${folder}one-column-decimal-comma.csv`)),
    /line 1: has 1 field \("x"\), the lines below have 2; .* "1,06287" are decimal commas/,
  );
});

const points = [1.5, 2.5, -3.5, 4e-3, 5.25, 6.5];

Deno.test("readCsv() reads every separator, line end, quote and comment", async () => {
  const forms: Readonly<Record<string, string>> = {
    "Excel with a semicolon": "sep=;\r\nx;y\r\n1.5;2.5\r\n-3.5;4e-3\r\n5.25;6.5\r\n",
    "tabs": "x\ty\n1.5\t2.5\n-3.5\t4e-3\n5.25\t6.5\n",
    "bars": "x|y\n1.5|2.5\n-3.5|4e-3\n5.25|6.5\n",
    "aligned by spaces": "  x       y\n  1.5   2.5\n -3.5   4e-3\n  5.25  6.5\n",
    "spaces and tabs": "x y\n1.5 \t2.5\n-3.5\t4e-3\n 5.25 6.5\n",
    "semicolons and spaces": "x ; y\n1.5 ; 2.5\n-3.5 ; 4e-3\n5.25 ; 6.5\n",
    "old Macintosh": "x,y\r1.5,2.5\r-3.5,4e-3\r5.25,6.5",
    "every line end": "x,y\r1.5,2.5\r\n-3.5,4e-3\n5.25,6.5",
    "quoted numbers": '"x","y"\n"1.5","+2.5"\n"-3.5","4E-3"\n"5.25","6.5"\n',
    "comments": '# a "b\nx,y\n1.5,2.5\n  # c, "d\n-3.5,4e-3\n#\n5.25,6.5\n# end "',
    "comments among spaces": "# a\nx y\n1.5 2.5\n  # c d\n-3.5 4e-3\n5.25 6.5\n",
    "trailing commas below": "x,y\n1.5,2.5,\n-3.5,4e-3,\n5.25,6.5,\n",
    "empty columns behind": "x,y,,\n1.5,2.5,,\n-3.5,4e-3,,\n5.25,6.5,,\n",
  };
  for (const [what, text] of Object.entries(forms)) {
    const { points: found, columns, firstLine } = await read(text);
    assert.deepEqual([...found], points, what);
    assert.deepEqual(columns.map(({ name }) => name), ["x", "y"], what);
    assert.deepEqual(firstLine, { kind: "names", because: "text" }, what);
  }
});

Deno.test("readCsv() reads UTF-8, UTF-16 and Windows-1252, with or without a mark", async () => {
  const text = "größe,y\r\n1.5,2.5\r\n-3.5,4e-3\r\n5.25,6.5\r\n";
  const utf16 = (given: string, isLittle: boolean) => {
    const view = new DataView(new ArrayBuffer(2 * given.length));
    [...given].forEach((letter, i) => view.setUint16(2 * i, letter.charCodeAt(0), isLittle));
    return new Uint8Array(view.buffer);
  };
  const files = {
    mark: new TextEncoder().encode(`\ufeff${text}`),
    utf16: utf16(`\ufeff${text}`, true),
    utf16BigEndian: utf16(`\ufeff${text}`, false),
    utf16WithoutMark: utf16(text, true),
    utf16BigEndianWithoutMark: utf16(text, false),
    windows1252: Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
  };
  for (const [what, bytes] of Object.entries(files)) {
    const { points: found, columns } = await read(bytes);
    assert.deepEqual([...found], points, what);
    assert.equal(columns[0]!.name, "größe", what);
  }
  const utf32 = new Uint8Array(Uint32Array.from(`\ufeff${text}`, (x) => x.charCodeAt(0)).buffer);
  assert.match(await refusal(read(utf32)), /is UTF-32 text/);
});

Deno.test("readCsv() takes the first line for names or a row, and says which", async () => {
  const cases: readonly (readonly [text: string, names: string | null, count: number])[] = [
    ["2019,2020\n1.5,2.5\n3.5,4.5\n", "2019,2020", 2],
    ["2000,2010,2020\n15,26,35\n4,7,1\n9,5,6\n", "2000,2010,2020", 3], // whole numbers below years
    ["0,1,2\n5,3,9\n2,7,1\n8,8,3\n", "0,1,2", 3],
    [",0,1\n7,1.5,2.5\n9,3.5,4.5\n", ",0,1", 2],
    ["id,2019.5\n1,2.5\n2,3.5\n", "id,2019.5", 2], // a word above a number
    ["2020-01-01,2020-01-02\n1.5,2.5\n", "2020-01-01,2020-01-02", 1],
    ["0\n1.5\n2.5\n", "0", 2],
    ["0,1\n1,0\n1,1\n0,0\n", null, 4], // two bits
    ["1,2\n3,4\n5,6\n", null, 3],
    ["0,1\n0.1,0.99\n0.2,0.98\n0.3,0.95\n", null, 4], // a time series from 0 on
    ["1900,1.5\n1910,2.5\n", null, 2],
    ["0,1,2\n1,2,3\n2,3,4\n", null, 3], // the data are ladders
  ];
  for (const [text, names, count] of cases) {
    const read0 = await read(text);
    assert.equal(read0.count, count, text);
    assert.equal(read0.firstLine?.kind, names === null ? "row" : "names", text);
    const found = read0.columns.map(({ name }) => name);
    assert.deepEqual(names === null ? null : found.join(), names, text);
    // The user decides.
    if (/^\d+(,\d+)*\n/.test(text)) {
      const asRow = await read(text, { header: "no" });
      assert.deepEqual(asRow.firstLine, { kind: "row", because: "option" });
      assert.equal(asRow.count, names === null ? count : count + 1);
    }
    assert.equal((await read(text, { header: "yes" })).firstLine?.because, "option");
  }
  // The last column of a file without names is a class: its first line is no names.
  const iris = "5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n7.0,3.2,Iris-versicolor\n";
  assert.match(
    await refusal(read(iris)),
    /line 1, column 3: "Iris-setosa" .*`drop: 3`, or give `header: "yes"` if the first line is names/,
  );
  assert.equal((await read(iris, { columns: { kind: "select", drop: [3] } })).count, 3);
});

Deno.test("readCsv() says what a first line of another width looks like", async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['"x" "y"\n"1" 1.06 -1.1\n"2" 1.3 -0.9\n', /has 2 fields.*have 3; .*row name, as R's write/],
    ['"x","y"\n"a",1.06,-1.1\n"b",1.3,-0.9\n', /row\.names = FALSE/],
    ["x,y\n1,06,2,07\n3,14,4,5\n", /have 4; .*"1,06" are decimal commas/],
    ["My data\n1,2.5\n3,4.5\n", /a title, delete it or begin it with #/],
    ["x,y,z\n1,2.5\n3,4.5\n", /has 3 fields .*have 2; every line needs as many fields/],
  ];
  for (const [text, message] of cases) assert.match(await refusal(read(text)), message, text);
});

Deno.test("readCsv() names what a field is that is no number", async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["x;y\n1.234,56;2\n", /line 2, column 1 \("x"\): "1\.234,56" has a decimal comma/],
    ['x,y\n"1,06","2,07"\n', /"1,06" has a decimal comma/],
    ["x\ty\n1,06\t2,07\n", /"1,06" has a decimal comma/],
    ['x,y\n"1,234,567.5",2\n', /"1,234,567\.5" has commas between thousands/],
    ["x;y\n1'234.5;2\n", /"1'234\.5" has separators between thousands/],
    ["x;y\n1 234.5;2\n", /"1 234\.5" has separators between thousands/],
    ["x,y\n5.5 %,1\n", /"5\.5 %" is a percentage/],
    ["x,y\n$5.00,1\n", /"\$5\.00" is an amount with its currency/],
    ["x;y\n5,00 €;1\n", /"5,00 €" is an amount with its currency/],
    [
      "x,day\n1,2024-01-31\n",
      /column 2 \("day"\): "2024-01-31" is a date or a time.*`drop: "day"`/,
    ],
    ["x,day\n1,31/01/2024 12:30\n", /"31\/01\/2024 12:30" is a date or a time/],
    ["x,day\n1,31-Jan-2024\n", /"31-Jan-2024" is a date or a time/],
    ["x,at\n1,12:30:05.5\n", /"12:30:05\.5" is a date or a time/],
    ["x,ok\n1,True\n", /"True" is a truth value; write 0 and 1/],
    ["x,y\n(5.00),1\n", /"\(5\.00\)" is a number in parentheses/],
    ["1.0D+00 2.5\n3.0D+00 4.5\n", /line 1, column 1: "1\.0D\+00" has a Fortran exponent/],
    [" (1.0e+00+2.0e+00j) (1.0e+00-2.0e+00j)\n", /is a complex number/],
    // numpy.savetxt() of complex128
    [" (1.062865138053894043e+00-1.105683922767639160e+00j)\n", /is a complex number/],
    ["x,y\n0x1F,1\n", /"0x1F" is a hexadecimal number/],
    ["x,y\n1.234.567,1\n", /"1\.234\.567" has separators between thousands/],
    ["x,y\n\u22121.5,1\n", /has a dash or another minus sign; write it with -/],
    ["x,y\n1/2,1\n", /"1\/2" is a fraction/],
    ["x,y\n<0.01,1\n2,3\n4,5\n", /"<0\.01" is a bound or an approximation/],
    ["x,y\n5\u00b11,1\n", /is a number with its uncertainty/],
    ["x,y\n'1.5','2'\n", /"'1\.5'" is in single quotes/],
    ["x,y\n1.#INF,1\n", /1\.#INF is not finite/],
    ["x,ok\n1,yes\n2,3\n4,5\n", /"yes" is a truth value/],
    ["x,y\n+inf,1\n", /\+inf is not finite/],
    ["x,y\n12 cm,1\n", /"12 cm" is a number with a unit/],
    ["x,y\n#N/A,1\n2,3\n", /line 2\b.*missing value/], // not a comment
    [
      "x,y\n1,2\n#DIV/0!,3\n",
      /line 3, column 1 \("x"\): "#DIV\/0!" is an error of Excel; correct its formula/,
    ],
  ];
  for (const [text, message] of cases) assert.match(await refusal(read(text)), message, text);
  const missingValues = ["", "NA", "NaN", "?", ".", "null", "N/A", "-nan", "NaT", "n.a.", "\\N"];
  for (const missing of [...missingValues, "--", "(null)", "1.#QNAN", "-1.#IND", "-nan(ind)"]) {
    assert.match(await refusal(read(`x,y\n1,2\n3,${missing}\n`)), /line 3.*"y".*missing value/);
  }
  // Numbers, whatever they look like.
  const odd = await read("x,y\n-0,1e-310\n+5,1E+3\n.5,6.\n");
  assert.deepEqual([...odd.points], [-0, 1e-310, 5, 1000, 0.5, 6]);
});

Deno.test("readCsv() names all columns of text in one error", async () => {
  assert.match(
    await refusal(read("x,species,site\n1.5,setosa,north\n2.5,virginica,south\n")),
    /"species" \("setosa"\), "site" \("north"\); learn their categories with `categorical: "species"` `categorical: "site"`, or leave them out with `drop: "species"` `drop: "site"`$/,
  );
});

Deno.test("readCsv() says of a line of words among numbers what it may be", async () => {
  const another = /line 2: holds words \("a", "b"\) and no numbers; .*keep one line of names/;
  // pandas: DataFrame.to_csv() of two levels of columns; a spreadsheet's title; a row of units.
  assert.match(await refusal(read(",x,x\n,a,b\n0,1,2\n1,3,4\n2,5,6\n")), another);
  assert.match(await refusal(read("Title,\na,b\n1,2\n3,4\n5,6\n")), another);
  assert.match(
    await refusal(read("x,y\n1,2\n3,4\nx,y\n5,6\n")),
    /line 4: repeats the names of the columns, as files that were joined do; delete the line/,
  );
  assert.match(
    await refusal(read("x,y\n1,2\n3,4\nx,5\n")),
    /column 1 \("x"\): "x" is not a number/,
  );
});

Deno.test("readCsv() skips blank rows below a table, and names empty columns", async () => {
  const { points: found } = await read("x,y\n1.5,2.5\n-3.5,4e-3\n5.25,6.5\n,\n,,\n");
  assert.deepEqual([...found], points);
  // Among the rows they are missing values.
  assert.match(await refusal(read("x,y\n1,2\n,\n3,4\n")), /2 missing values: .*line 3/);
  assert.match(
    await refusal(read("x,y\n1,2\n,\n,\n# note\n,\n,,\n3,4\n")),
    /8 missing values: .*line 3/,
  );
  const options = [{}, { dropMissing: true }];
  for (const option of options) {
    assert.match(
      await refusal(read(",x,note\n,1,\n,3,\n", option)),
      /column 1, column "note" have no value in any of the 2 rows; .*`drop: 1` `drop: "note"`$/,
    );
  }
  assert.match(await refusal(read("x,y\n")), /contains no points, only the names .*: "x", "y"/);
});

Deno.test("readCsv() leaves out an index that pandas wrote twice", async () => {
  const twice = await read(
    ",Unnamed: 0.1,Unnamed: 0,x\n0,0,0,1.5\n1,1,1,2.5\n2,2,2,-3\n",
    { columns: undefined },
  );
  assert.deepEqual([[...twice.points], twice.dropped.length], [[1.5, 2.5, -3], 3]);
  const once = await read(",Unnamed: 0,x\n0,7,1.5\n1,3,2.5\n2,4,-3\n", { columns: undefined });
  assert.equal(once.dims, 2);
});

Deno.test("readCsv() takes years with gaps for names, and numbers like the others for a row", async () => {
  const rows = "1.5,2.25,-0.5\n0.5,-1.25,2.5\n3.5,0.25,1.5\n";
  assert.equal((await read(`2015,2017,2020\n${rows}`)).count, 3);
  const prices = await read("1200,1500\n1250.5,1490.25\n1180.5,1610.75\n1320.25,1405.5\n");
  assert.deepEqual([prices.count, prices.firstLine?.kind], [4, "row"]);
});
