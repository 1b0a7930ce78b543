import assert from "node:assert/strict";
import { fillUniform } from "../../../src/core/random/random.ts";
import { keyOf, type Subsequences, subsequences } from "../../../src/core/random/subsequences.ts";

const uses: readonly (readonly [string, Subsequences])[] = Object.entries(subsequences);

/** Pairs of uses that would draw the same words for the same seed. */
function collisions(table: typeof uses): string[] {
  return table.flatMap(([name, a], i) =>
    table.slice(0, i).flatMap(([other, b]) => {
      const isElsewhere = a.theorem !== undefined && b.theorem !== undefined &&
        a.theorem !== b.theorem;
      const overlaps = a.stream === b.stream && a.first < b.first + b.count &&
        b.first < a.first + a.count;
      return overlaps && !isElsewhere ? [`${other} and ${name}`] : [];
    })
  );
}

Deno.test("subsequences: no two uses draw the same words", () => {
  assert.deepEqual(collisions(uses), []);
  // The check detects what slicedWasserstein2() did before it had its own subsequence.
  const shared = { ...subsequences.projections, first: subsequences.evaluationTimes.first };
  assert.deepEqual(collisions([...uses, ["again", shared]]), ["evaluationTimes and again"]);
});

Deno.test("subsequences: a use outside the theorems overlaps no other", () => {
  const theorems = uses.filter(([, use]) => use.theorem !== undefined);
  const streams = new Set(theorems.map(([, { stream }]) => stream));
  assert.ok(theorems.length > 0);
  for (const [name, { stream, theorem }] of uses) {
    assert.equal(theorem !== undefined, streams.has(stream), name);
  }
});

Deno.test("keyOf() refuses an index beyond the use's count, and its keys differ", () => {
  assert.throws(() => keyOf(subsequences.dataSet, 0, 8), /from 0 to 7 of stream 2, got 8/);
  assert.throws(() => keyOf(subsequences.times, 0, -1), RangeError);
  assert.throws(() => keyOf(subsequences.times, 0, 0.5), RangeError);
  const first = uses.map(([, use]) => fillUniform(keyOf(use, 3), 0, new Float64Array(4)).join());
  // Compare with the number of distinct subsequences, since theorems share some.
  const places = new Set(uses.map(([, { stream, first }]) => `${stream} ${first}`));
  assert.equal(new Set(first).size, places.size);
});

/** Sources below a folder that construct a random key themselves; kernels (`.as.ts`) are given the words of one. */
function* ownKeys(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* ownKeys(path);
    else if (
      /(?<!\.as)\.ts$/.test(name) &&
      /\bstream:\s*\d|\bsubsequence:/.test(Deno.readTextFileSync(path))
    ) {
      yield path;
    }
  }
}

Deno.test("subsequences: every key of the program comes from the table", () => {
  const root = new URL("../../..", import.meta.url).pathname;
  const found = ["src", "cli"].flatMap((folder) => [...ownKeys(`${root}${folder}`)]);
  assert.deepEqual(found.map((path) => path.slice(root.length)), [
    "src/core/random/subsequences.ts",
  ]);
});
