import assert from "node:assert/strict";
import { type CsvOptions, readCsv } from "../../../src/data/formats/csv.ts";
import type { PointRows } from "../../../src/data/dataset.ts";
import { whyImpossible } from "../../../src/data/tables/kinds/column_kind.ts";
import { InputError } from "../../../src/core/errors.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated, numberText, text } from "../values.ts";

/** Bytes of a text in UTF-16, with a byte order mark or without. */
function utf16(given: string, random: Random): Uint8Array<ArrayBuffer> {
  const text = random.chance(0.7) ? `\ufeff${given}` : given;
  const isLittle = random.chance(0.5);
  const bytes = new Uint8Array(2 * text.length), view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), isLittle);
  return bytes;
}

/**
 * Tables of numbers, most of them whole: names, ladders, quotes, comments, blank lines, every
 * separator, line end and encoding.
 */
export function makeCsv(random: Random): Uint8Array<ArrayBuffer> {
  const columns = random.whole(1, 5), rows = random.below(12);
  const isClean = random.chance(0.5), hasTail = random.chance(0.05);
  const end = random.pick(["\n", "\r\n", "\r\n\n", " \n", "\r"]);
  const field = () => {
    const number = isClean ? String(random.word() / 2 ** random.below(40)) : numberText(random);
    if (random.chance(0.05)) return `"${number}"`;
    if (!isClean && random.chance(0.1)) return `"${text(random).replaceAll('"', '""')}"`;
    return !isClean && random.chance(0.05) ? text(random) : number;
  };
  const width = () => isClean || random.chance(0.9) ? columns : random.below(7);
  const usual = random.pick([",", ",", ", ", ";", "\t", " ", "   ", "|"]);
  const line = () => {
    if (random.chance(0.03)) return random.pick(["# end", '#N/A,"', "  #", "#DIV/0!", "sep=;"]);
    const fields = Array.from({ length: width() }, field);
    return fields.join(random.chance(0.95) ? usual : ";") + (hasTail ? usual : "");
  };
  const lines = Array.from({ length: rows }, line);
  if (random.chance(0.3)) {
    lines.unshift(Array.from({ length: columns }, () => `"${text(random)}"`).join(usual));
  } else if (random.chance(0.1)) {
    const start = random.pick([0, 1, 2019]);
    lines.unshift(Array.from({ length: columns }, (_, i) => start + i).join(usual));
  }
  const mark = random.chance(0.1) ? "\ufeff" : "";
  const content = mark + lines.join(end) + random.pick(["", end]);
  const bytes = random.chance(0.1) ? utf16(content, random) : new TextEncoder().encode(content);
  return random.chance(0.3) ? mutated(bytes, random) : bytes;
}

/** What a plain table holds by the shortest parser that there is; null where it is not plain. */
function reference(text: string): number[][] | null {
  if (!/^[\d.,eE+\- \n]*$/.test(text)) return null;
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const rows = lines.map((line) => line.split(",").map((field) => field.trim()));
  const isTable = rows.length > 0 && rows.every((row) =>
    row.length === rows[0]!.length &&
    row.every((field) => number.test(field) && Number.isFinite(Math.fround(Number(field))))
  );
  return isTable ? rows.map((row) => row.map(Number)) : null;
}

async function outcome(
  chunks: Iterable<Uint8Array>,
  options: CsvOptions = {},
): Promise<PointRows | string> {
  try {
    return await readCsv(chunks, "f.csv", options);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

/** CSV, whole and in small pieces, against a reference where the table is plain. */
export const csv: FuzzTarget = {
  name: "csv",
  make: makeCsv,
  async parse(bytes) {
    const size = 1 + bytes.length % 7;
    const pieces = Array.from(
      { length: Math.ceil(bytes.length / size) },
      (_, i) => bytes.subarray(i * size, (i + 1) * size),
    );
    const whole = await outcome([bytes]);
    assert.deepEqual(await outcome(pieces), whole, "cut in pieces, it is another table");
    const expected = reference(new TextDecoder().decode(bytes));
    const allRows = await outcome([bytes], { header: "no" });
    if (expected !== null) {
      assert.ok(typeof allRows !== "string", "a plain table was refused");
      assert.deepEqual([...allRows.points], expected.flat());
    }
    const kinds = await outcome([bytes], {
      columns: { kind: "select", categorical: [1], dequantize: [2], log: [3] },
    });
    if (typeof kinds !== "string") {
      const { points, columns, dims } = kinds;
      // Every value of a file is a possible one of its columns.
      points.forEach((value, i) => assert.equal(whyImpossible(columns[i % dims]!, value), null));
    }
    for (const read of [whole, allRows, kinds]) {
      if (typeof read === "string") continue;
      const { points, columns, count, dims } = read;
      assert.ok(count > 0 && dims > 0 && points.length === count * dims);
      assert.equal(columns.length, dims);
      assert.ok(points.every((value) => Number.isFinite(Math.fround(value))));
    }
    if (typeof whole === "string") throw new InputError(whole);
  },
};
