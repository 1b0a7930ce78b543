import { runProgram } from "../../../cli/program.ts";

// The program with the arguments given, in a process that has already taken 24 GiB of addresses.
const taken = Array.from(
  { length: 6 },
  () => new WebAssembly.Memory({ initial: 0, maximum: 65536 }),
);
Deno.exitCode = await runProgram(Deno.args);
if (taken.some(({ buffer }) => buffer.byteLength !== 0)) throw new Error("they are empty");
