import assert from "node:assert/strict";
import { InputError } from "../../src/core/errors.ts";
import { Random } from "./random.ts";
import { fuzz, tryInput } from "./target.ts";
import { parserTargets } from "./targets.ts";
import { inFolder } from "../support/in_folder.ts";

/** Inputs a target, and of files on the disk; `deno task fuzz` tries others, as long as it is told to. */
const COUNT = 400, FOLDERS = 60;

Deno.test("every parser meets made-up inputs with a result that holds or one line", async (t) => {
  await inFolder(async (folder) => {
    for (const target of await parserTargets(folder)) {
      await t.step(target.name, async () => {
        const count = target.name === "run-folder" ? FOLDERS : COUNT;
        const range = { seed: 1, from: 0, count, untilMs: Infinity };
        const { finding } = await fuzz(target, range);
        if (finding === null) return;
        const { index, error } = finding;
        assert.fail(
          `seed 1, input ${index}: ${error instanceof Error ? error.stack : error}\n` +
            `deno task fuzz --target ${target.name} --seed 1 --from ${index} writes it to a file`,
        );
      });
    }
  });
});

Deno.test("the fuzzer makes whole inputs and broken ones, the same for the same seed", async () => {
  await inFolder(async (folder) => {
    for (const target of await parserTargets(folder)) {
      let whole = 0;
      for (let index = 0; index < 100; index++) {
        const input = await target.make(new Random(7, index));
        assert.deepEqual(await target.make(new Random(7, index)), input, target.name);
        try {
          await target.parse(input);
          whole++;
        } catch {
          // Of broken ones there are enough.
        }
      }
      assert.ok(whole >= 3 && whole <= 97, `${target.name}: ${whole} of 100 are whole`);
    }
  });
});

Deno.test("tryInput() finds other errors, messages that are no line, and wrong results", async () => {
  const input = new Uint8Array();
  const target = (parse: () => void) => ({ name: "t", make: () => input, parse });
  const thrown = (error: Error) =>
    target(() => {
      throw error;
    });
  await tryInput(thrown(new InputError("f: is no number")), input);
  await assert.rejects(() => tryInput(thrown(new RangeError("Invalid array length")), input));
  await assert.rejects(() => tryInput(thrown(new InputError("")), input));
  const raw = new InputError("x");
  raw.message = "a\nb";
  await assert.rejects(() => tryInput(thrown(raw), input));
  await assert.rejects(() => tryInput(target(() => assert.fail("does not hold")), input));
});
