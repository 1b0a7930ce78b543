import { onSharedMemory } from "../../../src/core/wasm/memory_rewrite.ts";
import { fullSharedMemory } from "../../../src/core/wasm/guarded_memory.ts";
import { addressOf } from "./_ranges.ts";

// Calls a module's function with the given arguments, some of them addresses outside its memory.
// Prints the addresses of the memory and of a neighbouring one, then, if the process survives,
// "trap" if the call trapped, and whether the neighbour was changed.
const [path, name, values] = Deno.args;
const neighbour = fullSharedMemory();
const memory = fullSharedMemory();
// If the two were adjacent, addresses above 2 GiB would fall into the neighbour.
const near = new Uint8Array(neighbour.buffer, 0x90000000 - 2 ** 31, 2 ** 20).fill(170);
console.log(addressOf(memory), addressOf(neighbour));
const module = new WebAssembly.Module(onSharedMemory(Deno.readFileSync(path!), "memory"));
const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
  (imports[from] ??= {})[name] = kind === "memory" ? memory : () => 0;
}
const { exports } = new WebAssembly.Instance(module, imports);
try {
  (exports[name!] as (...values: number[]) => void)(...JSON.parse(values!));
} catch (error) {
  if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  console.log("trap");
}
console.log(near.some((byte) => byte !== 170) ? "the other memory changed" : "nothing happened");
