import assert from "node:assert/strict";
import { proposeCompletions } from "@stricli/core";
import { withOptionTables } from "../../tools/option_tables.ts";
import { buildFluxion } from "../../cli/application.ts";

const page = await Deno.readTextFile(new URL("../../docs/command-line.md", import.meta.url));
Deno.test("the tables of options in docs/command-line.md are what is declared", async () => {
  const tables = page.match(/<!-- options: /g)?.length ?? 0;
  assert.ok(tables > 8, `only ${tables} tables`);
  assert.ok(page === await withOptionTables(page), "out of date: deno task options:page");
});

const silent = { write: () => {} };

/** What the program itself proposes after these words. */
async function proposals(words: readonly string[]): Promise<string[]> {
  const application = await buildFluxion(words, () => {});
  const process = { stdout: silent, stderr: silent, env: {} };
  const found = await proposeCompletions(application, words, { process });
  return found.map(({ completion }) => completion);
}

/** Each command line without its options: `train cnf`, `sample`. */
async function commands(before: readonly string[] = []): Promise<string[][]> {
  const names = (await proposals([...before, ""])).filter((name) => /^[a-z]/.test(name));
  const isRoute = before.length === 0 ||
    ["train", "import", "data", "sweep"].includes(before.at(-1)!);
  if (!isRoute || names.length === 0) return [[...before]];
  return (await Promise.all(names.map((name) => commands([...before, name])))).flat();
}

Deno.test("docs/command-line.md has every command and every option of it", async () => {
  const all = await commands();
  assert.ok(all.length > 12, `only ${all.length} commands found`);
  const missing: string[] = [];
  for (const command of all) {
    const heading = page.split("\n").find((line) =>
      line.startsWith("## ") && command.every((word) => line.includes(word))
    );
    if (heading === undefined) missing.push(`a section for ${command.join(" ")}`);
    for (const flag of await proposals([...command, "--"])) {
      if (!flag.startsWith("--") || flag.startsWith("--help")) continue;
      if (!new RegExp(`\`${flag}(?![a-z-])`).test(page)) {
        missing.push(`${flag} of ${command.join(" ")}`);
      }
    }
  }
  assert.deepEqual([...new Set(missing)], []);
});
