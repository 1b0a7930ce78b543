import assert from "node:assert/strict";
import { runTitles } from "../../src/report/run_titles.ts";
import type { ReportedRun } from "../../src/report/reported_run.ts";

/** A run with a configuration that differs from others in these options. */
function run(name: string, options: Record<string, unknown>): Pick<ReportedRun, "config" | "name"> {
  const config = { model: "cnf", data: "moons", lr: 0.01, seed: 0, steps: 9, lrHorizon: 9 };
  return { name, config: { ...config, ...options } as unknown as ReportedRun["config"] };
}

Deno.test("runTitles() names what differs between runs of one model on the same data", () => {
  const titles = runTitles([
    run("a", {}),
    run("b", { lr: 0.02, seed: 1, backend: "cpu" }),
    run("c", { data: "/data/my table.csv" }),
    run("d", { model: "fm" }),
  ]);
  assert.deepEqual(titles.map(({ title }) => title), [
    "Two moons: continuous normalizing flow, lr 0.01, seed 0",
    "Two moons: continuous normalizing flow, lr 0.02, seed 1",
    "my table.csv: continuous normalizing flow",
    "Two moons: flow matching",
  ]);
});

Deno.test("runTitles() names the folder where nothing or too much differs", () => {
  assert.deepEqual(
    runTitles([run("a", {}), run("b", {})]).map(({ difference }) => difference),
    ["a", "b"],
  );
  const much = { lr: 1, seed: 1, steps: 1, clip: 1, lrHorizon: 1 };
  assert.deepEqual(
    runTitles([run("a", {}), run("b", much)]).map(({ difference }) => difference),
    ["a", "b"],
  );
  // A length that the horizon follows is one difference.
  assert.deepEqual(
    runTitles([run("a", {}), run("b", { steps: 5, lrHorizon: 5 })]).map((one) => one.difference),
    ["steps 9", "steps 5"],
  );
});
