/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { control, sharedBlock, states } from "./shared_block.ts";

// What a worker runs: `deno task build:worker` bundles this file to entry.bundle.txt. The
// first message brings the shared memory; all that follows goes through it.
self.onmessage = ({ data: memory }: MessageEvent<WebAssembly.Memory>) => {
  const block = sharedBlock(memory);
  Atomics.wait(block.control, control.state, states.idle);
  const count = Atomics.load(block.control, control.count);
  for (let i = 0; i < count; i++) block.numbers[i]! *= block.numbers[i]!;
  Atomics.store(block.control, control.state, states.done);
  Atomics.notify(block.control, control.state);
  self.close();
};
