import { parseConfigFile, parseConfigJson } from "../../../src/train/config/config_file.ts";
import { resolveConfig } from "../../../src/train/config/resolve_config.ts";
import { configFileSchema } from "../../../src/train/config/schema.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { json, mutated, strangeJson, text, wholeNumber } from "../values.ts";

const keys = Object.keys(configFileSchema.entries);
const words = [
  ...[
    "cnf",
    "fm",
    "mlp",
    "resnet",
    "unet",
    "moons",
    "mnist",
    "dopri5",
    "rk4",
    "exact",
    "hutchinson",
  ],
  ...["batch", "auto", "cpu", "direct", "adjoint", "constant", "cosine", "zscore", "none"],
];

function network(random: Random): unknown {
  const sizes = ["dims", "hidden", "height", "width", "channels", "filters", "blocks"];
  const given = sizes.filter(() => random.chance(0.6)).map((key) => [key, wholeNumber(random)]);
  return { kind: random.pick(["mlp", "resnet", "unet", "x"]), ...Object.fromEntries(given) };
}

/** A config of a few options with values of all kinds, and what a run's own holds beside them. */
export function makeConfig(random: Random): Uint8Array<ArrayBuffer> {
  if (random.chance(0.05)) return new TextEncoder().encode(strangeJson(random));
  const config: Record<string, unknown> = Object.create(null);
  for (let count = random.below(6); count > 0; count--) {
    const key = random.chance(0.95) ? random.pick(keys) : text(random);
    config[key] = random.chance(0.7)
      ? random.pick<() => unknown>([
        () => random.pick(words),
        () => wholeNumber(random),
        () => 2 * random.whole(0, 20),
        () => random.word() / 2 ** 34,
        () => random.chance(0.5),
      ])()
      : json(random);
  }
  if (random.chance(0.5)) config.network = network(random);
  const bytes = new TextEncoder().encode(JSON.stringify(config));
  return random.chance(0.1) ? mutated(bytes, random) : bytes;
}

/** JSON of `--config`, for both models, and as a run's own. */
export const config: FuzzTarget = {
  name: "config",
  make: makeConfig,
  parse(bytes) {
    const content = new TextDecoder().decode(bytes);
    parseConfigJson(content, "f.json");
    const file = parseConfigFile(content, "f.json");
    resolveConfig(bytes.length % 2 === 0 ? "cnf" : "fm", file);
  },
};
