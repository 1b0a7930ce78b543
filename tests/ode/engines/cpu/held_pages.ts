import { memorySizes, memoryWords } from "../../../../src/core/wasm/memory.layout.ts";
import type { Block } from "../../../../src/ode/engines/cpu/engine_memory.ts";
import { engineModule } from "../../../../src/ode/engines/cpu/engine_module.ts";
import { engineSizes } from "../../../../src/ode/engines/cpu/job.layout.ts";

const { PAGE_BYTES, WORDS_AT } = memorySizes.values;

/** Pages of the CPU engine's memory that jobs and their records hold: those taken, less those that are free again. */
export async function heldPages(): Promise<number> {
  const { memory } = await engineModule("fastest");
  const words = new Uint32Array(memory.memory.buffer);
  const wordAt = (at: number) => words[at / 4]!;
  const taken = () => wordAt(WORDS_AT + memoryWords.at.pagesTaken);
  const before = taken();
  let free = -1;
  // Blocks are of free pages until one is of a new page.
  const blocks: Block[] = [];
  while (taken() === before) {
    blocks.push(memory.allocate(PAGE_BYTES));
    free++;
  }
  for (const block of blocks) memory.release(block);
  let chunk = wordAt(WORDS_AT + memoryWords.at.freeChunks);
  while (chunk !== 0) {
    free += engineSizes.values.CHUNK_BYTES / PAGE_BYTES;
    chunk = wordAt(chunk);
  }
  return before - free;
}
