import assert from "node:assert/strict";
import { BufferPool } from "../../../src/backends/gpu/buffers.ts";
import type { DeviceLimits } from "../../../src/backends/gpu/limits.ts";

/** A pool on a device that only counts its buffers. */
function pool(written: "device" | "host", mostBytes = 2 ** 30) {
  const destroyed: number[] = [];
  let encoder: object | null = null;
  const device = {
    createBuffer: ({ size }: { size: number }) => ({ size, destroy: () => destroyed.push(size) }),
  } as unknown as GPUDevice;
  const limits = {
    maxStorageBufferBindingSize: mostBytes,
    maxBufferSize: mostBytes,
  } as unknown as DeviceLimits;
  return {
    pool: new BufferPool({ device, limits, encoder: () => encoder }, { usage: 0, written }),
    destroyed,
    /** The next command is recorded into a new encoder. */
    record: () => encoder = {},
    submit: () => encoder = null,
  };
}

Deno.test("BufferPool gives a buffer to others after its last use", () => {
  const { pool: buffers, record } = pool("device");
  record();
  const first = buffers.take(1000);
  assert.equal(first.bytes, 1000);
  first.retain();
  first.release();
  assert.notEqual(buffers.take(1000).buffer, first.buffer);
  first.release();
  // Of the same size class, in the same encoder: commands run in order.
  assert.equal(buffers.take(900).buffer, first.buffer);
  assert.equal(buffers.made, 2);
  assert.equal(buffers.used, 2);
  assert.throws(() => first.release(), /released once too often/);
  assert.throws(() => first.retain(), /after its last use/);
});

Deno.test("BufferPool reuses a buffer that the host writes only after a submit", () => {
  const { pool: buffers, record, submit } = pool("host");
  record();
  const first = buffers.take(16);
  first.release();
  const second = buffers.take(16);
  assert.notEqual(second.buffer, first.buffer);
  submit();
  assert.equal(buffers.take(16).buffer, first.buffer);
  // Also where other commands have been recorded since.
  second.release();
  record();
  assert.equal(buffers.take(16).buffer, second.buffer);
});

Deno.test("BufferPool keeps 256 MiB at most, and destroys nothing that is recorded", () => {
  const { pool: buffers, destroyed, record, submit } = pool("device");
  record();
  const held = Array.from({ length: 5 }, () => buffers.take(2 ** 26));
  for (const buffer of held) buffer.release();
  assert.deepEqual(destroyed, []);
  submit();
  const small = buffers.take(256);
  small.release();
  assert.deepEqual(destroyed, [2 ** 26, 2 ** 26]);
  buffers.close();
  assert.equal(destroyed.length, 6);
});

Deno.test("BufferPool refuses sizes that no device takes", () => {
  const { pool: buffers } = pool("device", 2 ** 20);
  for (const bytes of [0, -4, 6, NaN, Infinity]) {
    assert.throws(() => buffers.take(bytes), { name: "RangeError" });
  }
  assert.throws(() => buffers.take(2 ** 20 + 4), {
    name: "FailureError",
    message: "the GPU takes buffers of at most 1048576 bytes, and this needs 1048580: " +
      "try a smaller batch",
  });
  assert.equal(buffers.take(2 ** 20).bytes, 2 ** 20);
  buffers.close();
});
