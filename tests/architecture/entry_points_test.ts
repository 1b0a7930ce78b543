// What the entry points of the package load, and that to import them changes nothing.
import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { deno } from "../../tools/bundle.ts";

/** The one that takes tenths of a second to load: programs of one's own may call anything at once. */
const heavy = ["."];

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** Everything that a file loads before it runs. */
async function loadedBy(file: string): Promise<string[]> {
  const { success, stdout, stderr } = await deno([
    ...["info", "--json", "--lock=tests/deno.lock", file],
  ]);
  assert.ok(success, stderr);
  const { modules, roots } = JSON.parse(stdout) as { modules: Module[]; roots: string[] };
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const seen = new Set<string>();
  const visit = (specifier: string) => {
    if (seen.has(specifier)) return;
    seen.add(specifier);
    for (const { code, isDynamic } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code?.specifier !== undefined && isDynamic !== true) visit(code.specifier);
    }
  };
  roots.forEach(visit);
  return [...seen];
}

for (const [entry, file] of Object.entries(settings.exports)) {
  const isHeavy = heavy.includes(entry);
  Deno.test(`entry point ${entry} loads ${isHeavy ? "tfjs" : "no tfjs"}`, async () => {
    const loaded = await loadedBy(file);
    assert.ok(loaded.length > 1);
    assert.equal(loaded.some((module) => module.includes("@tensorflow/")), isHeavy);
  });
}

Deno.test("importing every entry point registers nothing with tfjs", async () => {
  const specifiers = Object.keys(settings.exports).map((entry) =>
    `${settings.name}${entry.slice(1)}`
  );
  const program = `
    const tf = await import("@tensorflow/tfjs");
    const engine = tf.engine();
    const state = () => ({
      factories: Object.keys(engine.registryFactory),
      backends: Object.keys(engine.registry),
      kernels: [
        ...["cpu", "webgl", "wasm", "webgpu"],
        ...["fluxion-cpu", "fluxion-cpu-plain", "fluxion-webgpu"],
      ].map((name) => tf.getKernelsForBackend(name).length),
    });
    const before = state();
    for (const name of ${JSON.stringify(specifiers)}) await import(name);
    console.log(JSON.stringify([before, state()]));
  `;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const { success, stdout, stderr } = await deno([
      ...["run", "-q", "--config=deno.json", "--lock=tests/deno.lock", "--allow-read"],
      file,
    ]);
    assert.ok(success, stderr);
    const [before, after] = JSON.parse(stdout);
    assert.deepEqual(after, before);
    assert.deepEqual(before.backends, []);
  } finally {
    await Deno.remove(file);
  }
});
