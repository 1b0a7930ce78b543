import assert from "node:assert/strict";
import { importFaults } from "../../tools/check_imports.ts";
import { inFolder } from "../support/in_folder.ts";

/** A project folder with the given files, removed again. */
async function withTree(
  files: Readonly<Record<string, string>>,
  check: (root: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (root) => {
    for (const [path, text] of Object.entries({ "deno.json": "{}", ...files })) {
      await Deno.mkdir(`${root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${root}/${path}`, text);
    }
    await check(root);
  });
}

Deno.test("importFaults() finds none in this project", async () => {
  const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
  assert.deepEqual(await importFaults(root), []);
});

/** A package of two entry points. */
const packageJson = JSON.stringify({
  name: "@a/b",
  version: "0.1.0",
  exports: { ".": "./mod.ts", "./plot": "./src/plot/mod.ts" },
});

Deno.test("importFaults() takes a tree that points one way", async () => {
  await withTree({
    "deno.json": packageJson,
    "mod.ts": `/** All. */ import "./src/core/random.ts"; export * from "./src/train/loop.ts";`,
    "cli/main.ts": `import "./usage.ts"; import "@a/b"; await import("@a/b/plot"); console.log(1);`,
    "cli/usage.ts": `import "../deno.json" with { type: "json" };`,
    "src/plot/mod.ts": `export { a, type B } from "./grid.ts"; // export const c = 1;`,
    "src/train/loop.ts": `import "../data/moons.ts"; import "../flows/cnf.ts"; export {};`,
    "src/plot/grid.ts": `import "../core/random.ts"; export const a = 1; export type B = 1;`,
    "src/data/moons.ts":
      `import "../core/random.ts"; import "../../data/m.json" with { type: "json" };`,
    "src/flows/cnf.ts": `import type { A } from "../ode/field.ts"; export type B = A;`,
    "src/ode/field.ts": `export interface A { a: 1 } // console.log is cli's`,
    "src/core/random.ts": `export {};`,
    "src/ops/adam/adam.as.ts": `import { a } from "../simd/sums.part.as"; export const b = a;`,
    "src/ops/simd/sums.part.as.ts": `export const a = 1;`,
    "data/m.json": `{}`,
  }, async (root) => assert.deepEqual(await importFaults(root), []));
});

Deno.test("importFaults() names each import that points upwards or sideways", async () => {
  await withTree({
    "mod.ts": `export * from "./cli/main.ts";`,
    "cli/main.ts": `export {};`,
    "src/ode/field.ts": `import type { A } from "../flows/cnf.ts"; export type B = A;`,
    "src/flows/cnf.ts": `export interface A { a: 1 }`,
    "src/metrics/w2.ts": `import "../flows/cnf.ts";`,
    "src/ops/adam/adam.as.ts": `import { a } from "../../ode/step.as"; export const b = a;`,
    "src/ode/step.as.ts": `export const a = 1;`,
    "src/plot/grid.ts": `import "../../cli/main.ts";`,
    "src/extra/x.ts": `import "../flows/cnf.ts";`,
  }, async (root) => {
    assert.deepEqual(await importFaults(root), [
      "mod.ts imports cli/main.ts: mod.ts imports src only",
      "src/extra/x.ts imports src/flows/cnf.ts: " +
      "src/extra is not a room that tools/check_imports.ts knows",
      "src/metrics/w2.ts imports src/flows/cnf.ts: src/metrics may import core, transport",
      "src/ode/field.ts imports src/flows/cnf.ts: src/ode may import " +
      "core, plot, page, transport, threads, data, metrics, ops, backends, nn",
      "src/ops/adam/adam.as.ts imports src/ode/step.as.ts: src/ops may import " +
      "core, plot, page, transport, threads, data, metrics",
      "src/plot/grid.ts imports cli/main.ts: src imports src only",
    ]);
  });
});

Deno.test("importFaults() names each import of cli that is no entry point of the package", async () => {
  await withTree({
    "deno.json": packageJson,
    "mod.ts": `export {};`,
    "cli/main.ts": `import "../mod.ts"; import "../src/plot/grid.ts"; import "@a/b/plot";`,
    "cli/late.ts":
      `export type C = import("../src/plot/grid.ts").B; await import("../src/plot/mod.ts");`,
    "src/plot/mod.ts": `export { a } from "./grid.ts"; export const c = 1;`,
    "src/plot/grid.ts": `export const a = 1; export type B = 1;`,
  }, async (root) => {
    assert.deepEqual(await importFaults(root), [
      "cli/late.ts imports src/plot/grid.ts: " +
      "cli imports it from an entry point of deno.json's exports",
      "cli/late.ts imports src/plot/mod.ts: cli imports it as @a/b/plot",
      "cli/main.ts imports mod.ts: cli imports it as @a/b",
      "cli/main.ts imports src/plot/grid.ts: " +
      "cli imports it from an entry point of deno.json's exports",
      "mod.ts is an entry point and has code of its own: it may only re-export",
      "src/plot/mod.ts is an entry point and has code of its own: it may only re-export",
    ]);
  });
});

Deno.test("importFaults() names each use of the process or the parser below cli", async () => {
  await withTree({
    "src/train/loop.ts": `export function stop() {
  // console.log in a comment is none
  console.warn("stopped");
  Deno.exit(1);
}`,
    "src/nn/layout.ts": `import "@stricli/core";`,
  }, async (root) => {
    assert.deepEqual(await importFaults(root), [
      "src/nn/layout.ts imports @stricli/core: only cli imports the parser",
      "src/train/loop.ts:3 uses console.warn: only cli may",
      "src/train/loop.ts:4 uses Deno.exit: only cli may",
    ]);
  });
});

Deno.test("importFaults() names the files of a circle, types and AssemblyScript too", async () => {
  await withTree({
    "cli/command.ts": `export interface Flags { a: 1 } await import("./run.ts");`,
    "cli/run.ts": `import type { Flags } from "./command.ts"; export type A = Flags;`,
    "src/ops/a.as.ts": `import { b } from "./b.as";\nexport const a = b;`,
    "src/ops/b.as.ts": `import { c } from "./c.as";\nexport const b = c;`,
    "src/ops/c.as.ts": `import { a } from "./a.as";\nexport const c = a;`,
  }, async (root) => {
    assert.deepEqual(await importFaults(root), [
      "cli/command.ts, cli/run.ts: import each other",
      "src/ops/a.as.ts, src/ops/b.as.ts, src/ops/c.as.ts: import each other",
    ]);
  });
});
