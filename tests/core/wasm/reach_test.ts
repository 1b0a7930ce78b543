import assert from "node:assert/strict";
import rasterizer from "@resvg/resvg-wasm/index_bg.wasm" with { type: "bytes" };
import tfjs from "@tensorflow/tfjs-backend-wasm/simd.wasm" with { type: "bytes" };
import { root } from "../../../tools/bundle.ts";
import { MOST_REACH, reachOf } from "../../../tools/wasm_reach.ts";

function* modules(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
    if (isDirectory) yield* modules(`${folder}/${name}`);
    else if (name.endsWith(".wasm")) yield `${folder}/${name}`;
  }
}

Deno.test("no instruction reaches more than one page beyond an index", () => {
  const own = ["src", "tests/bench"].flatMap((folder) => [...modules(folder)]);
  assert.ok(own.length > 10);
  for (const path of own) {
    const reach = reachOf(Deno.readFileSync(`${root}/${path}`));
    assert.ok(reach > 0 && reach <= MOST_REACH, `${path} reaches ${reach} bytes`);
  }
  // From a disassembler: offset=2520 of an i32, offset=43763 of a byte.
  assert.equal(reachOf(tfjs), 2524);
  assert.equal(reachOf(rasterizer), 43764);
});

/** A module of one function with one local, of these instructions. */
function moduleOf(...instructions: number[]): Uint8Array {
  const body = [1, 1, 0x7f, ...instructions, 0x0b];
  return new Uint8Array([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...[1, 4, 1, 96, 0, 0],
    ...[3, 2, 1, 0],
    ...[5, 3, 1, 0, 1],
    ...[10, body.length + 2, 1, body.length, ...body],
  ]);
}

/** i32.const 0, the address of each access, and drop, for its result. */
const [zero, drop] = [[0x41, 0], 0x1a];
/** 65,520 in LEB128. */
const offset = [0xf0, 0xff, 3];

for (
  const [name, width, instructions] of [
    ["i32.store8", 1, [...zero, ...zero, 0x3a, 0, ...offset]],
    ["i64.load", 8, [...zero, 0x29, 0, ...offset, drop]],
    ["v128.load", 16, [...zero, 0xfd, 0, 0, ...offset, drop]],
    // The lanes of a shuffle and the bytes of a constant must not be read as instructions.
    ["v128.load64_zero", 8, [
      ...[...zero, 0xfd, 93, 0, ...offset],
      ...[0xfd, 12, ...new Array(16).fill(0x28)],
      ...[0xfd, 13, ...new Array(16).fill(1), drop],
    ]],
    ["v128.store32_lane", 4, [
      ...[...zero, 0xfd, 12, ...new Array(16).fill(0)],
      ...[0xfd, 90, 0, ...offset, 2],
    ]],
    ["i64.atomic.rmw16.cmpxchg_u", 2, [
      ...[...zero, 0x42, 0, 0x42, 0, 0xfe, 0x4d, 1, ...offset, drop],
    ]],
  ] as const
) {
  Deno.test(`reachOf() adds the width of an access to its offset: ${name}`, () => {
    const module = moduleOf(...instructions);
    assert.ok(WebAssembly.validate(module as Uint8Array<ArrayBuffer>));
    assert.equal(reachOf(module), 65520 + width);
  });
}

Deno.test("reachOf() refuses unknown instructions", () => {
  assert.throws(() => reachOf(moduleOf(0xfb, 0)), RangeError);
});
