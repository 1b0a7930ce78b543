import { onSharedMemory } from "../../../src/core/wasm/memory_rewrite.ts";
import { fullSharedMemory } from "../../../src/core/wasm/guarded_memory.ts";
import { addressOf } from "./_ranges.ts";

// Calls a function of a module with the arguments given, of which some are addresses outside of its
// memory, and prints what came of it, if it lives: the addresses of the memory and of one beside it,
// then "trap", or whether the other was changed.
const [path, name, values] = Deno.args;
const neighbour = fullSharedMemory();
const memory = fullSharedMemory();
// Side by side, addresses above 2 GiB would be those of the neighbour.
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
