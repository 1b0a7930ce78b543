import assert from "node:assert/strict";
import { crc32, deflateRawSync } from "node:zlib";
import { readArray } from "../../../src/data/formats/array_file.ts";
import { readContent } from "../../../src/data/input_file.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated, text, wholeNumber } from "../values.ts";
import { makeNpy } from "./npy.ts";

/** Little-endian numbers, each of so many bytes. */
function numbers(...given: readonly (readonly [value: number, bytes: number])[]): number[] {
  return given.flatMap(([value, bytes]) =>
    Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256 & 255)
  );
}

/** A ZIP archive, true or nearly so, of the arrays that `make` makes. */
export function makeNpz(random: Random, make = makeNpy): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [], central: number[] = [];
  const count = random.pick([0, 1, 1, 1, 1, 2, 3]);
  for (let file = 0; file < count; file++) {
    const content = random.chance(0.9) ? make(random) : random.bytes(random.below(100));
    const name = new TextEncoder().encode(
      random.chance(0.9)
        ? `arr_${file}.npy`
        : random.pick(["xl/a.xml", "w/data.pkl", text(random)]),
    ).subarray(0, 1000);
    const isDeflated = random.chance(0.5);
    const data = isDeflated ? deflateRawSync(content) : content;
    const wrong = (value: number) => random.chance(0.02) ? Math.abs(wholeNumber(random)) : value;
    const method = wrong(isDeflated ? 8 : 0);
    const common = numbers([20, 2], [0, 2], [method, 2], [0, 4], [wrong(crc32(content)), 4]);
    const isLong = random.chance(0.2);
    const sizes: number[] = isLong
      ? numbers([0xffffffff, 4], [0xffffffff, 4])
      : numbers([wrong(data.length), 4], [wrong(content.length), 4]);
    const extra = isLong
      ? numbers([1, 2], [16, 2], [wrong(content.length), 8], [wrong(data.length), 8])
      : [];
    const lengths = numbers([wrong(name.length), 2], [extra.length, 2]);
    central.push(...numbers([0x02014b50, 4], [20, 2]), ...common, ...sizes, ...lengths);
    central.push(...numbers([0, 2], [0, 2], [0, 2], [0, 4], [wrong(bytes.length), 4]));
    central.push(...name, ...extra);
    bytes.push(...numbers([0x04034b50, 4]), ...common, ...sizes, ...lengths, ...name, ...extra);
    bytes.push(...data);
  }
  const end = numbers([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [central.length, 4]);
  const archive = Uint8Array.of(
    ...bytes,
    ...central,
    ...end,
    ...numbers([bytes.length, 4], [0, 2]),
  );
  return random.chance(0.2) ? mutated(archive, random) : archive;
}

/** NPZ, and other ZIP archives. */
export const npz: FuzzTarget = {
  name: "npz",
  make: (random) => makeNpz(random),
  async parse(bytes) {
    const chunks = ReadableStream.from([bytes]);
    const array = await readContent(chunks, { place: "f", use: readArray });
    if (array === null) return;
    const { shape, values } = array;
    assert.equal(values.length, shape.reduce((product, length) => product * length, 1));
  },
};
