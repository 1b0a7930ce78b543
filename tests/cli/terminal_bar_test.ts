// Progress bars next to a reader of stdout, on a terminal without escape sequences, and under ^C.
import assert from "node:assert/strict";
import { fluxion, inFolder } from "./_fluxion.ts";
import { assertClean, onTerminal } from "./_terminal.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const typed = `deno run -q --no-prompt --config ${root}/deno.json -P=fluxion ${root}/cli/main.ts`;

Deno.test("a progress bar does not disturb", (t) =>
  inFolder(async (cwd) => {
    const args = "train cnf --run run --steps 1 --batch-size 8 --hidden 4 --backend cpu";
    assert.equal((await fluxion(args.split(" "), { cwd })).code, 0);

    await t.step("the output of a reader of stdout", async () => {
      const command = `${typed} sample run --n 300000 --out - | head -2`;
      const { code, rows, written } = await onTerminal(command, { columns: 60, cwd });
      assert.equal(code, 0);
      assert.doesNotMatch(written, /[█░]/);
      assert.equal(rows.length, 3, written);
      for (const row of rows.slice(0, 2)) assert.match(row, /^[-\d.e]+,[-\d.e]+$/);
    });

    await t.step(
      "a terminal without escape sequences, which gets no colours either",
      async () => {
        const samples = `${typed} sample run --n 100000 --out s.npy`;
        const wrong = `${typed} sample run --n 0 --out -`;
        const env = { TERM: "dumb" };
        const { written } = await onTerminal(`${samples}; ${wrong}`, { columns: 60, cwd, env });
        assert.match(written, /^fluxion: [^\n]*\n( {2}[^\n]*\n)*$/);
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(written, /\x1b|[█░]/);
      },
    );

    await t.step("an echoed ^C", async () => {
      const outcome = await onTerminal(`${typed} sample run --n 100000000 --out s.csv`, {
        columns: 12, // text alone, which is cut to what fits
        cwd,
        keys: { text: "\x03", at: /\rsample \d/ },
      });
      assert.equal(outcome.code, 130);
      assertClean(outcome, "Ctrl-C");
      assert.deepEqual(outcome.rows.filter((row) => /^sample|\^|^C$/.test(row)), []);
    });
  }));
