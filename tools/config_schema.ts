/**
 * The JSON Schema of config files, docs/config.schema.json.
 *
 *   deno run --allow-write=docs tools/config_schema.ts
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import { configFileSchema } from "../src/train/config/schema.ts";

/** Draft-07, as text. */
export function configJsonSchema(): string {
  // Checks such as "finite" have no JSON Schema equivalent; JSON has no infinity anyway.
  const schema = toJsonSchema(configFileSchema, { errorMode: "ignore" });
  return JSON.stringify({ title: "Fluxion training config", ...schema }, null, 2) + "\n";
}

if (import.meta.main) {
  await Deno.writeTextFile(
    new URL("../docs/config.schema.json", import.meta.url),
    configJsonSchema(),
  );
}
