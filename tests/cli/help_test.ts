import assert from "node:assert/strict";
import { commandNames, optionsOfCommand } from "../../cli/commands/options.ts";
import { sweepOwnOptions } from "../../cli/commands/sweep/flags.ts";
import { helpOf } from "../../cli/help_pages.ts";
import { optionHeadings } from "../../cli/options/groups.ts";
import { listParserOf } from "../../cli/options/list_values.ts";
import { kebabCase } from "../../src/core/options/spelling.ts";
import { trainOptionNames, trainOptions } from "../../src/train/options/table.ts";
import type { TrainOptionDeclaration } from "../../src/train/options/declaration.ts";

/** The terms of a help page, by their headings. */
async function termsOf(command: string): Promise<Map<string, string[]>> {
  const { page } = (await helpOf(command.split(" ")))!;
  const terms = new Map<string, string[]>();
  let heading = "";
  for (const line of page.split("\n")) {
    if (/^[A-Z]/.test(line)) heading = line;
    const term = /^ {2}((?:-\w, )?--\S+(?: <[^>]*>\S*)?)/.exec(line)?.[1];
    if (term !== undefined) terms.set(heading, [...terms.get(heading) ?? [], term]);
  }
  return terms;
}

/** The kebab-case name in a term. */
const nameIn = (term: string) => /--(?:\[no-\])?([a-z-]+)/.exec(term)![1]!;

Deno.test("every option of every command is in the help, once, under its group's heading", async () => {
  for (const command of commandNames.filter((name) => name !== "sweep")) {
    const declared = Object.entries(await optionsOfCommand(command.split(" ")))
      .filter(([, option]) => option.hidden !== true);
    const terms = await termsOf(command);
    const shown = [...terms.values()].flat().map(nameIn).filter((name) => name !== "help");
    assert.deepEqual(shown.toSorted(), declared.map(([name]) => kebabCase(name)).toSorted());
    for (const [name, { group }] of declared) {
      const under = terms.get(optionHeadings[group]) ?? [];
      assert.ok(under.map(nameIn).includes(kebabCase(name)), `${command}: ${name} in ${group}`);
    }
  }
});

Deno.test("train has every option of the table, all in groups with a heading of their own", async () => {
  const table = trainOptionNames.filter((name) => {
    const option: TrainOptionDeclaration = trainOptions[name];
    return !option.inFilesOnly;
  });
  for (const command of ["train cnf", "train fm", "sweep train cnf", "sweep train fm"]) {
    const options = await optionsOfCommand(command.split(" "));
    assert.deepEqual(table.filter((name) => !Object.hasOwn(options, name)), []);
    const own = Object.keys(options).filter((name) => options[name]!.group === "own");
    const ofSweep = Object.entries(sweepOwnOptions)
      .flatMap(([name, { group }]) => group === "own" ? [name] : []);
    assert.deepEqual(own, command.startsWith("sweep") ? ofSweep : []);
  }
});

Deno.test("the help of sweep shows which options take lists, and ranges", async () => {
  const terms = [...(await termsOf("sweep train fm")).values()].flat();
  const options = await optionsOfCommand(["sweep", "train", "fm"]);
  for (const [name, { value, list, hidden }] of Object.entries(options)) {
    if (hidden) continue;
    const term = terms.find((term) => nameIn(term) === kebabCase(name))!;
    assert.equal(term.endsWith(",..."), list === true, term);
    if (!list) continue;
    const takesRange = (() => {
      try {
        return listParserOf(value)("4..8..4").length === 2;
      } catch {
        return false;
      }
    })();
    assert.equal(term.includes("N..N"), takesRange, term);
  }
  assert.ok(terms.includes("--lr <RATE>,...") && terms.includes("--seed <N|N..N>,..."));
});
