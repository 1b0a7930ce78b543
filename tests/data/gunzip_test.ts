import assert from "node:assert/strict";
import fc from "fast-check";
import { gunzip } from "../../src/data/gunzip.ts";
import { InputError } from "../../src/runtime/errors.ts";
import { gzip } from "./idx_files.ts";

const bytesOf = (letter: string, length: number) =>
  new Uint8Array(length).fill(letter.charCodeAt(0));

Deno.test("gunzip() gives the content back", async () => {
  const content = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  const bytes = await gzip(content);
  assert.deepEqual(await gunzip(bytes, { place: "a", limit: 100_000 }), content);
});

Deno.test("gunzip() stops at the limit: a small file can hold a thousand times its size", async () => {
  const bomb = await gzip(new Uint8Array(20_000_000));
  assert.ok(bomb.length < 30_000);
  await assert.rejects(() => gunzip(bomb, { place: "bomb.gz", limit: 1000 }), {
    name: "InputError",
    message: /^bomb\.gz: inflates to more than 1000 bytes/,
  });
});

Deno.test("gunzip() stops at a ratio that no data has", async () => {
  const bomb = await gzip(bytesOf(",", 40_000_000));
  await assert.rejects(() => gunzip(bomb, { place: "bomb.gz", limit: 2 ** 30 }), {
    name: "InputError",
    message: /^bomb\.gz: inflates to more than 200 times its size \(\d+ bytes gave \d+ so far\)/,
  });
  // Small files are taken whatever they hold.
  const zeros = new Uint8Array(10_000_000);
  assert.equal((await gunzip(await gzip(zeros), { place: "a", limit: 2 ** 30 })).length, 1e7);
});

Deno.test("gunzip() meets damage with an InputError or the content", async () => {
  const content = Uint8Array.from({ length: 300 }, (_, i) => (i * i) % 7);
  const whole = await gzip(content);
  const damage = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(40));
  await fc.assert(fc.asyncProperty(damage, async ([at, mask, cut]) => {
    const bytes = whole.slice(0, whole.length - cut);
    if (at < bytes.length) bytes[at]! ^= mask;
    try {
      assert.deepEqual(await gunzip(bytes, { place: "a", limit: 1000 }), content);
    } catch (error) {
      assert.ok(error instanceof InputError, String(error));
    }
  }));
});
