import assert from "node:assert/strict";
import { parseConfigFile } from "../../../src/train/config/config_file.ts";
import { configFileSchema } from "../../../src/train/config/schema.ts";
import { trainOptionNames } from "../../../src/train/options/table.ts";

/** What a run writes to its config besides options, by key; `flowValues` are refused. */
const written: Readonly<Record<string, unknown>> = {
  $schema: "docs/config.schema.json",
  format: 1,
  network: { kind: "mlp", dims: 2, hidden: 8 },
  kept: [{ name: "x", number: 1, kind: "real" }],
  dropped: [{ name: null, number: 2 }],
  dataFile: { sha256: "0".repeat(64), rows: 5, columns: 2 },
  testFile: { sha256: "1".repeat(64), rows: 5, columns: 2 },
  backendChoice: { backend: "webgpu", adapter: "Test GPU", cpuMs: 4.5, webgpuMs: null },
  standardization: { kind: "zscore", center: [0, 1], scale: [1, 2] },
};

Deno.test("parseConfigFile() takes the options of a run's config, and nothing else of it", () => {
  const keys = Object.keys(configFileSchema.entries);
  const others = keys.filter((key) => !(trainOptionNames as readonly string[]).includes(key));
  assert.deepEqual(
    others.filter((key) => key !== "flowValues").sort(),
    Object.keys(written).sort(),
  );
  const text = JSON.stringify({ ...written, model: "cnf", batchSize: 16 });
  const { options } = parseConfigFile(text, "config.json");
  assert.deepEqual(options, { model: "cnf", batchSize: 16 });
});

Deno.test("parseConfigFile() names what is wrong in a recorded choice of auto", () => {
  const given = (changes: object) =>
    JSON.stringify({ backendChoice: { ...written.backendChoice as object, ...changes } });
  for (
    const [changes, message] of [
      [{ cpuMs: -1 }, /^config\.json: .*milliseconds per step, or null.* -1/],
      [{ webgpuMs: "4" }, /milliseconds per step, or null/],
      [{ backend: "gpu" }, /cpu.*webgpu.*"gpu"/],
    ] as const
  ) {
    assert.throws(() => parseConfigFile(given(changes), "config.json"), { message });
  }
});
