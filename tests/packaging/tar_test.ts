import assert from "node:assert/strict";
import { writeTar } from "../../tools/tar.ts";

Deno.test("writeTar() writes ustar blocks whose checksum is the sum of their bytes", () => {
  const bytes = new TextEncoder().encode("hello");
  const archive = writeTar([{ name: "a.txt", bytes, executable: true }]);
  assert.equal(archive.length, 4 * 512); // header, content, two blocks of zeros
  const header = archive.slice(0, 512);
  const text = (from: number, to: number) => new TextDecoder().decode(header.slice(from, to));
  assert.equal(text(0, 6), "a.txt\0");
  assert.equal(text(100, 107), "0000755");
  assert.equal(parseInt(text(124, 135), 8), 5);
  assert.equal(text(257, 263), "ustar\0");
  const stated = parseInt(text(148, 154), 8);
  header.fill(0x20, 148, 156);
  assert.equal(stated, header.reduce((sum, byte) => sum + byte, 0));
  assert.deepEqual(archive.slice(512, 517), bytes);
});

Deno.test("writeTar() rejects a name that a header cannot hold", () => {
  const entry = { bytes: new Uint8Array(), executable: false };
  assert.throws(() => writeTar([{ ...entry, name: "a".repeat(101) }]), RangeError);
  assert.throws(() => writeTar([{ ...entry, name: "" }]), RangeError);
});
