import assert from "node:assert/strict";
import { BindGroups } from "../../../../src/backends/gpu/commands/bind_groups.ts";
import type { PooledBuffer } from "../../../../src/backends/gpu/mod.ts";
import type { Program } from "../../../../src/backends/gpu/programs.ts";

Deno.test("BindGroups makes one group per program and operands", () => {
  let made = 0;
  const device = { createBindGroup: () => ({ number: ++made }) } as unknown as GPUDevice;
  const groups = new BindGroups(device);
  const [one, other] = [{}, {}] as unknown as [GPUBuffer, GPUBuffer];
  const operand = (buffer: GPUBuffer, bytes: number) => ({ buffer, bytes }) as PooledBuffer;
  const [program, another] = [{}, {}] as unknown as [Program, Program];
  const operands = [operand(one, 16), operand(other, 16)];
  const first = groups.get(program, operands);
  assert.equal(groups.get(program, [operand(one, 16), operand(other, 16)]), first);
  for (
    const [ofProgram, changed] of [
      [another, operands],
      [program, operands.toReversed()],
      [program, [operand(one, 8), operand(other, 16)]], // the shader asks for arrayLength()
      [program, operands.slice(1)],
    ] as const
  ) assert.notEqual(groups.get(ofProgram, changed), first);
  assert.equal(made, 5);
});

Deno.test("BindGroups keeps a bounded number", () => {
  let made = 0;
  const device = { createBindGroup: () => ({ number: ++made }) } as unknown as GPUDevice;
  const groups = new BindGroups(device), program = {} as unknown as Program;
  const buffer = {} as unknown as GPUBuffer;
  const take = (bytes: number) => groups.get(program, [{ buffer, bytes } as PooledBuffer]);
  for (let bytes = 4; bytes <= 4 * 1025; bytes += 4) take(bytes);
  const before = made;
  take(4 * 1025);
  assert.equal(made, before);
  take(4);
  assert.equal(made, before + 1); // forgotten with the first 1024
});
