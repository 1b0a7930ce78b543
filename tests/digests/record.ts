/**
 * Records the results that digests_test.ts compares with, after an intended change:
 * deno run --lock=tests/deno.lock --allow-read --allow-write --allow-run --allow-env tests/digests/record.ts
 */
import { observeCommands } from "./observe_commands.ts";
import { observeData, observeOdeint } from "./observe_library.ts";

const results = {
  ...await observeCommands(),
  odeint: await observeOdeint(),
  openDataset: await observeData(),
};
await Deno.writeTextFile(
  new URL("recorded.json", import.meta.url),
  `${JSON.stringify(results, null, 2)}\n`,
);
