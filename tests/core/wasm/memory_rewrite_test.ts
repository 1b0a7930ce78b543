import assert from "node:assert/strict";
import { fullSharedMemory } from "../../../src/core/wasm/guarded_memory.ts";
import { onSharedMemory, withReachableMaximum } from "../../../src/core/wasm/memory_rewrite.ts";

const header = [0, 97, 115, 109, 1, 0, 0, 0];
/** Type and function sections of one function () -> i32. */
const types = [1, 5, 1, 96, 0, 1, 127], functions = [3, 2, 1, 0];
/** Export section: the function is `f`; its code loads the i32 at address 8. */
const exported = (index: number) => [7, 5, 1, 1, 102, 0, index];
const code = [10, 9, 1, 7, 0, 65, 8, 40, 2, 0, 11];
const memoryImport = [6, 109, 101, 109, 111, 114, 121];
const env = [3, 101, 110, 118];

function read(bytes: Uint8Array<ArrayBuffer>, imports: Record<string, WebAssembly.ImportValue>) {
  const memory = fullSharedMemory();
  new Int32Array(memory.buffer)[2] = 42;
  const module = new WebAssembly.Module(bytes);
  const instance = new WebAssembly.Instance(module, { env: { own: memory, memory, ...imports } });
  return (instance.exports.f as () => number)();
}

Deno.test("onSharedMemory() turns a defined memory into an import, with or without other imports", () => {
  const own = new Uint8Array([
    ...[...header, ...types, ...functions, 5, 4, 1, 1, 1, 2],
    ...[...exported(0), ...code],
  ]);
  assert.equal(read(onSharedMemory(own, "own"), {}), 42);
  // Two imports: a function `g` of the same type, and a global `i`; so that f is function 1.
  const imported = new Uint8Array([
    ...[...header, ...types, 2, 18, 2, ...env, 1, 103, 0, 0, ...env, 1, 105, 3, 127, 0],
    ...[...functions, 5, 3, 1, 0, 1, ...exported(1), ...code],
  ]);
  assert.equal(read(onSharedMemory(imported, "own"), { g: () => 7, i: 5 }), 42);
});

Deno.test("onSharedMemory() gives an imported memory the limits of the shared one", () => {
  const imported = new Uint8Array([
    ...[...header, ...types, 2, 15, 1, ...env, ...memoryImport, 2, 0, 1],
    ...[...functions, ...exported(0), ...code],
  ]);
  assert.throws(() => read(imported, {}), WebAssembly.LinkError);
  assert.equal(read(onSharedMemory(imported, "unused"), {}), 42);
});

Deno.test("onSharedMemory() refuses a module without a memory", () => {
  const none = new Uint8Array([...header, ...types]);
  assert.throws(() => onSharedMemory(none, "own"), RangeError);
});

Deno.test("withReachableMaximum() lets a defined memory grow to 4 GiB and changes nothing else", () => {
  for (const limits of [[0, 1], [1, 1, 2]]) {
    const own = new Uint8Array([
      ...[...header, ...types, ...functions, 5, limits.length + 1, 1, ...limits],
      ...[7, 9, 2, 1, 102, 0, 0, 1, 109, 2, 0, ...code],
    ]);
    const module = new WebAssembly.Module(withReachableMaximum(own));
    const { f, m } = new WebAssembly.Instance(module).exports as unknown as {
      f(): number;
      m: WebAssembly.Memory;
    };
    assert.equal(m.grow(2), 1);
    new Int32Array(m.buffer)[2] = 43;
    assert.equal(f(), 43);
    assert.throws(() => m.grow(65536), RangeError);
  }
  const none = new Uint8Array([...header, ...types]);
  assert.throws(() => withReachableMaximum(none), RangeError);
});
