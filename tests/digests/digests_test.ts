import assert from "node:assert/strict";
import { observeCommands } from "./observe_commands.ts";
import { observeData, observeOdeint } from "./observe_library.ts";
import type { Results } from "./run_case.ts";

/**
 * Losses and metrics as numbers; weights, samples, log-likelihoods and data by their SHA-256. Only a
 * change of the mathematics changes them; then record.ts records them anew.
 */
const recorded: Readonly<Record<string, Results>> = JSON.parse(
  await Deno.readTextFile(new URL("recorded.json", import.meta.url)),
);

Deno.test("train, sample, log-prob and eval with --portable-bits give the recorded bits", async () => {
  const observed = await observeCommands();
  for (const [name, results] of Object.entries(observed)) {
    assert.deepEqual(results, recorded[name], name);
  }
});

Deno.test("odeint() gives the recorded bits", async () =>
  assert.deepEqual(await observeOdeint(), recorded["odeint"]));

Deno.test("openDataset() gives the recorded bits", async () =>
  assert.deepEqual(await observeData(), recorded["openDataset"]));
