import assert from "node:assert/strict";
import { readNpy } from "../../../src/data/formats/npy.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated, text, wholeNumber } from "../values.ts";

const types = [
  ...["<f4", "<f8", "|u1", "|i1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", ">f4", "|O", "<f2"],
  ...["|b1", ">i8", ">f8", "f4", "=i2", "?", "<c8", "<f16", "<U3", "<M8[ns]", "|V2"],
];

/** NPY files: any version, type and shape, with as many bytes as declared, or not. */
export function makeNpy(random: Random): Uint8Array<ArrayBuffer> {
  const type = random.chance(0.95) ? random.pick(types) : text(random);
  const isHonest = random.chance(0.6);
  const length = () => isHonest ? random.whole(0, 5) : wholeNumber(random);
  const shape = Array.from({ length: random.chance(0.98) ? random.below(4) : 3000 }, length);
  const tuple = random.chance(0.95) ? `(${shape.join(", ")}${shape.length === 1 ? "," : ""})` : "(";
  const order = random.pick(["True", "False", "False", "Maybe"]);
  const entries = [`'descr': '${type}'`, `'fortran_order': ${order}`, `'shape': ${tuple}`];
  if (random.chance(0.1)) entries.push(`'shape': (${" ".repeat(random.below(500))}`);
  const header = new TextEncoder().encode(`{${entries.join(", ")}, }`.padEnd(117) + "\n");
  const version = random.chance(0.95) ? random.whole(1, 3) : random.below(256);
  const declared = random.chance(0.95) ? header.length : wholeNumber(random);
  const size = shape.reduce((product, n) => product * n, Number(/\d+/.exec(type)?.[0]) || 1);
  const held = size >= 0 && size <= 10_000 && random.chance(0.9) ? size : random.below(100);
  const start = new Uint8Array(version === 1 ? 10 : 12);
  start.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(start.buffer);
  if (version === 1) view.setUint16(8, declared, true);
  else view.setUint32(8, declared, true);
  const bytes = Uint8Array.of(...start, ...header, ...random.bytes(held));
  return random.chance(0.3) ? mutated(bytes, random) : bytes;
}

/** NPY. */
export const npy: FuzzTarget = {
  name: "npy",
  make: makeNpy,
  parse(bytes) {
    const { shape, values } = readNpy(bytes, "f.npy");
    assert.equal(values.length, shape.reduce((product, length) => product * length, 1));
    assert.ok(values.byteLength <= 8 * bytes.length);
  },
};
