import assert from "node:assert/strict";
import { readCsv } from "../../../src/data/formats/csv.ts";
import type { PointRows } from "../../../src/data/dataset.ts";
import { InputError } from "../../../src/core/errors.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated, numberText, text } from "../values.ts";

/** Tables of numbers, most of them whole: names, quotes, blank lines and every line end. */
export function makeCsv(random: Random): Uint8Array<ArrayBuffer> {
  const columns = random.whole(1, 5), rows = random.below(12);
  const isClean = random.chance(0.5);
  const end = random.pick(["\n", "\r\n", "\r\n\n", " \n", "\r"]);
  const field = () => {
    const number = isClean ? String(random.word() / 2 ** random.below(40)) : numberText(random);
    if (random.chance(0.05)) return `"${number}"`;
    if (!isClean && random.chance(0.1)) return `"${text(random).replaceAll('"', '""')}"`;
    return !isClean && random.chance(0.05) ? text(random) : number;
  };
  const width = () => isClean || random.chance(0.9) ? columns : random.below(7);
  const line = () =>
    Array.from({ length: width() }, field).join(random.pick([",", ", ", ",", ";"]));
  const lines = Array.from({ length: rows }, line);
  if (random.chance(0.3)) {
    lines.unshift(Array.from({ length: columns }, () => `"${text(random)}"`).join(","));
  }
  const mark = random.chance(0.1) ? "\ufeff" : "";
  const bytes = new TextEncoder().encode(mark + lines.join(end) + random.pick(["", end]));
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

async function outcome(chunks: Iterable<Uint8Array>): Promise<PointRows | string> {
  try {
    return await readCsv(chunks, "f.csv");
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
    if (typeof whole === "string") {
      assert.equal(expected, null, "a plain table was refused");
      throw new InputError(whole);
    }
    const { points, columns, count, dims } = whole;
    assert.ok(count > 0 && dims > 0 && points.length === count * dims);
    assert.ok(columns === null || columns.length === dims);
    assert.ok(points.every((value) => Number.isFinite(Math.fround(value))));
    if (expected !== null) assert.deepEqual([...points], expected.flat());
  },
};
