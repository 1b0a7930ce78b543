import assert from "node:assert/strict";
import { openParquet } from "../../../src/data/formats/parquet/parquet.ts";
import { parquetPoints } from "../../../src/data/tables/parquet_rows.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated } from "../values.ts";

const folder = new URL("../../outside/files/parquet/", import.meta.url).pathname;
const names = [
  "none",
  "snappy",
  "gzip",
  "zstd",
  "groups",
  "pages_v2",
  "split",
  "delta",
  "types",
  "decimals",
  "texts",
  "texts_plain",
];
const files = names.map((name) => Deno.readFileSync(`${folder}${name}.parquet`));

/** A Parquet file as pandas writes it, most of them damaged in their pages or their metadata. */
export const parquet: FuzzTarget = {
  name: "parquet",
  make(random: Random) {
    const file = random.pick(files);
    if (random.chance(0.2)) return file.slice();
    if (random.chance(0.3)) return mutated(file, random);
    const bytes = file.slice();
    for (let change = random.whole(1, 6); change > 0; change--) {
      bytes[random.below(bytes.length)] = random.pick([
        0,
        1,
        2,
        0x7f,
        0x80,
        0xff,
        random.below(256),
      ]);
    }
    return bytes;
  },
  async parse(bytes) {
    const { columns } = openParquet(bytes.slice(), "f");
    const categorical = columns.filter(({ other }) => other === "text").map(({ name }) => name);
    const drop = columns.filter(({ other }) => other === "bytes").map(({ name }) => name);
    const { points, count, dims } = await parquetPoints(bytes, "f", {
      columns: { kind: "select", categorical, drop },
      dropMissing: true,
    });
    assert.ok(count > 0 && dims > 0 && points.length === count * dims);
    assert.ok(points.every((value) => Number.isFinite(Math.fround(value))));
  },
};
