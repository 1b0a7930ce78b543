import assert from "node:assert/strict";
import { runTitles } from "../../src/report/run_titles.ts";
import type { ReportedRun } from "../../src/report/reported_run.ts";
import { runTopics, type TopicRun } from "../../src/report/run_topics.ts";

/** A run with a configuration that differs from others in these options. */
function run(
  name: string,
  options: Record<string, unknown>,
  { sha256, columns }: { readonly sha256?: string; readonly columns?: readonly string[] } = {},
): TopicRun & { readonly name: string } {
  const config = { model: "cnf", data: "moons", lr: 0.01, seed: 0, steps: 9, lrHorizon: 9 };
  return {
    name,
    config: { ...config, ...options } as unknown as ReportedRun["config"],
    dataFile: sha256 === undefined ? null : { sha256, rows: 9, columns: 2 },
    columns: columns?.map((name, i) => ({ name, number: i + 1, kind: "real" })) ?? null,
  };
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

Deno.test("runTopics() compares runs on the same data alone, and no two topics have one title", () => {
  const [data, again, other] = ["/a/x/points.csv", "/a/y/points.csv", "/b/points.csv"];
  const cases = [
    // The same content is the same data, wherever it is.
    [run("1", { data }, { sha256: "aa" }), "points.csv"],
    [run("2", { data: again }, { sha256: "aa" }), "points.csv"],
  ] as const;
  const titles = (runs: readonly TopicRun[]) => runTopics(runs).map(({ data }) => data);
  assert.deepEqual(titles(cases.map(([one]) => one)), cases.map(([, title]) => title));
  const [first] = cases[0];
  const elsewhere = run("3", { data: other }, { sha256: "bb" });
  assert.deepEqual(titles([first, elsewhere]), ["x/points.csv", "b/points.csv"]);
  const rewritten = run("4", { data }, { sha256: "cc" });
  assert.deepEqual(
    titles([first, rewritten]),
    ["points.csv, content aa", "points.csv, content cc"],
  );
  const [ab, cd] = [["a", "b"], ["c", "d"]].map((columns) =>
    run("5", { data }, { sha256: "aa", columns })
  );
  assert.deepEqual(titles([ab!, cd!]), ["points.csv, columns a, b", "points.csv, columns c, d"]);
  for (const runs of [[first, elsewhere], [first, rewritten], [ab!, cd!]]) {
    assert.equal(new Set(runTopics(runs).map(({ key }) => key)).size, 2);
    assert.deepEqual(
      runTitles(runs).map(({ title }) => title),
      titles(runs).map((data) => `${data}: continuous normalizing flow`),
    );
  }
});
