import assert from "node:assert/strict";
import { namedRuns } from "../../cli/runs/named_runs.ts";
import { existingRunFolder } from "../../cli/runs/runs_folder.ts";
import { inFolder } from "./_fluxion.ts";

/** A folder `sweep` of three runs beside a run `alone` and a folder without one. */
async function withRuns(work: (root: string) => Promise<void>): Promise<void> {
  await inFolder(async (root) => {
    for (const run of ["sweep/lr-0.01", "sweep/lr-5e-3", "sweep/lr-0.1", "alone"]) {
      await Deno.mkdir(`${root}/${run}`, { recursive: true });
      // Runs with a damaged config are named too, so that a command can say so.
      await Deno.writeTextFile(`${root}/${run}/config.json`, "{}");
    }
    await Deno.mkdir(`${root}/alone/samples`);
    await Deno.mkdir(`${root}/sweep/notes`);
    await work(root);
  });
}

Deno.test("namedRuns() takes a folder of runs for all of them, each run once", () =>
  withRuns(async (root) => {
    const sweep = ["lr-5e-3", "lr-0.01", "lr-0.1"].map((name) => `${root}/sweep/${name}`);
    assert.deepEqual(await namedRuns([`${root}/sweep`]), sweep);
    assert.deepEqual(await namedRuns([`${root}/sweep/`]), sweep);
    assert.deepEqual(
      await namedRuns([`${root}/alone`, `${root}/sweep/lr-0.1`, `${root}/sweep`, `${root}/alone/`]),
      [`${root}/alone`, sweep[2]!, sweep[0]!, sweep[1]!],
    );
  }));

Deno.test("namedRuns() leaves other names for the command to take or refuse", () =>
  withRuns(async (root) => {
    const none = `${root}/sweep/notes`;
    assert.deepEqual(await namedRuns(["mnist-unet", "nowhere", none]), [
      "mnist-unet",
      "nowhere",
      none,
    ]);
  }));

Deno.test("existingRunFolder() refuses a folder of runs with the name of one of them", () =>
  withRuns(async (root) => {
    await assert.rejects(
      existingRunFolder(`${root}/sweep`),
      /sweep: is no run and holds 3 runs; name one, such as .*\/sweep\/lr-/,
    );
    assert.equal(await existingRunFolder(`${root}/alone`), `${root}/alone`);
  }));
