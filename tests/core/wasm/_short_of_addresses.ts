import { runProgram } from "../../../cli/program.ts";

// Runs the program in a process that has already reserved 24 GiB of address space.
const taken = Array.from(
  { length: 6 },
  () => new WebAssembly.Memory({ initial: 0, maximum: 65536 }),
);
Deno.exitCode = await runProgram(Deno.args);
if (taken.some(({ buffer }) => buffer.byteLength !== 0)) throw new Error("expected empty memories");
