import assert from "node:assert/strict";
import fc from "fast-check";
import { gunzip, gunzipChunks } from "../../../src/data/formats/gunzip.ts";
import { InputError } from "../../../src/core/errors.ts";
import { gzip } from "../images/idx_files.ts";

const bytesOf = (letter: string, length: number) =>
  new Uint8Array(length).fill(letter.charCodeAt(0));

Deno.test("gunzip() returns the content", async () => {
  const content = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  const bytes = await gzip(content);
  assert.deepEqual(await gunzip(bytes, { place: "a", limit: 100_000 }), content);
});

Deno.test("gunzip() reads all members of a file, and refuses trailing data", async () => {
  const parts = await Promise.all([gzip(bytesOf("a", 40_000)), gzip(bytesOf("b", 3))]);
  const bytes = (...more: Uint8Array[]) =>
    new Uint8Array([...parts, ...more].flatMap((p) => [...p]));
  const content = await gunzip(bytes(), { place: "a", limit: 100_000 });
  assert.deepEqual(content, new Uint8Array([...bytesOf("a", 40_000), ...bytesOf("b", 3)]));
  for (const rest of [bytesOf("x", 9), parts[1]!.subarray(0, 12), parts[1]!.subarray(0, -1)]) {
    await assert.rejects(() => gunzip(bytes(rest), { place: "a", limit: 100_000 }), {
      name: "InputError",
      message: /^a: not a whole gzip file/,
    });
  }
});

Deno.test("gunzipChunks() closes its source, whichever side stops", async () => {
  const bytes = await gzip(Uint8Array.from({ length: 2_000_000 }, (_, i) => (i * i) % 251));
  let closed = 0;
  async function* source(fault: boolean) {
    try {
      for (let at = 0; at < bytes.length; at += 100) {
        if (fault && at > 500) throw new RangeError("the disk");
        yield bytes.slice(at, at + 100);
      }
    } finally {
      closed++;
    }
  }
  const options = { place: "a", limit: 1000 };
  await assert.rejects(Array.fromAsync(gunzipChunks(source(false), options)), /more than 1000/);
  const whole = { place: "a", limit: 1e7 };
  await assert.rejects(Array.fromAsync(gunzipChunks(source(true), whole)), RangeError);
  for await (const _ of gunzipChunks(source(false), whole)) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(closed, 3);
});

Deno.test("gunzip() stops at the limit: a small file can inflate to a thousand times its size", async () => {
  const bomb = await gzip(new Uint8Array(20_000_000));
  assert.ok(bomb.length < 30_000);
  await assert.rejects(() => gunzip(bomb, { place: "bomb.gz", limit: 1000 }), {
    name: "InputError",
    message: /^bomb\.gz: inflates to more than 1000 bytes/,
  });
});

Deno.test("gunzip() stops at an implausible compression ratio", async () => {
  const bomb = await gzip(bytesOf(",", 40_000_000));
  await assert.rejects(() => gunzip(bomb, { place: "bomb.gz", limit: 2 ** 30 }), {
    name: "InputError",
    message: /^bomb\.gz: inflates to more than 200 times its size \(\d+ bytes gave \d+ so far\)/,
  });
  // Small content is accepted at any ratio.
  const zeros = new Uint8Array(10_000_000);
  assert.equal((await gunzip(await gzip(zeros), { place: "a", limit: 2 ** 30 })).length, 1e7);
});

Deno.test("gunzip() of damaged bytes throws an InputError or returns the content", async () => {
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
