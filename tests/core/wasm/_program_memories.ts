import { addressOf, ranges } from "./_ranges.ts";

// Trains for a step, draws a plot and opens the CPU backend of tfjs, all in this process, then prints every memory that
// WebAssembly instructions can reach: its address, its size, whether its first page is in use, and
// whether it came with a module that was compiled in the same call, and
// which accessible ranges lie behind it, up to one page beyond what an index can address.

const memories = new Set<WebAssembly.Memory>();
const compiledWith = new Set<WebAssembly.Memory>();
const { Memory, instantiate } = WebAssembly;
WebAssembly.Memory = class extends Memory {
  constructor(limits: WebAssembly.MemoryDescriptor) {
    super(limits);
    memories.add(this);
  }
};
WebAssembly.instantiate = (async (...given: Parameters<typeof instantiate>) => {
  const result = await instantiate(...given);
  const { instance } = result as unknown as WebAssembly.WebAssemblyInstantiatedSource;
  const { memory } = (instance ?? result).exports;
  if (memory instanceof Memory && !memories.has(memory)) {
    memories.add(memory);
    if (instance !== undefined) compiledWith.add(memory);
  }
  return result;
}) as typeof instantiate;

const { runProgram } = await import("../../../cli/program.ts");
const training = ["train", "cnf", "--steps", "1", "--batch-size", "16", "--hidden", "8"];
const code = await runProgram([...training, "--quiet", "--backend", "cpu", "--run", Deno.args[0]!]);
if (code !== 0) Deno.exit(code);
const { openBackend } = await import("../../../src/backends/open_backend.ts");
await openBackend("cpu");

const reach = 2 ** 32;
const found = [...memories].filter(({ buffer }) => buffer.byteLength % reach > 0).map((memory) => {
  const { byteLength: bytes } = memory.buffer;
  const at = addressOf(memory);
  const open = ranges().filter(({ begin, end, isOpen }) =>
    isOpen && end > at + bytes && begin < at + reach + 65536
  );
  const usesFirstPage = new Uint8Array(memory.buffer, 0, 65536).some((byte) => byte !== 0);
  const isShared = memory.buffer instanceof SharedArrayBuffer;
  return { at, bytes, isShared, usesFirstPage, isCompiledWith: compiledWith.has(memory), open };
});
console.log(JSON.stringify(found));
Deno.exit(0);
