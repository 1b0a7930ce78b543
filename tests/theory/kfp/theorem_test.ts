import assert from "node:assert/strict";
import { markdownToHtml } from "../../../src/page/markdown_to_html.ts";
import { decodePng } from "../../../src/core/png/decode_png.ts";
import type { KfpCheck } from "../../../src/theory/kfp/check.ts";
import { kfp } from "../../../src/theory/kfp/theorem.ts";
import { backendTest } from "../../support/backends.ts";

const names = ["linear", "bistable", "van-der-pol", "cnf", "ornstein-uhlenbeck"];
let check: KfpCheck | null = null;

backendTest("kfp passes", ["cpu"], async (backend) => {
  check = await kfp.check({ seed: 0, backend });
  assert.deepEqual(check.claims.filter(({ pass }) => !pass), []);
  assert.equal(check.pass, true);
  assert.equal(check.claims.length, 19);
});

Deno.test("kfp's JSON has the documented keys", () => {
  const read = JSON.parse(JSON.stringify(check)) as KfpCheck;
  assert.deepEqual(read, check);
  assert.equal(read.name, "kfp");
  assert.deepEqual([...new Set(read.rows.map((row) => row.case))], names);
  for (const row of read.rows) {
    assert.deepEqual(Object.keys(row), ["case", "step", "error"]);
    assert.ok(row.step > 0 && row.error > 0);
  }
});

Deno.test("kfp's errors fall at the order that a central difference predicts", () => {
  assert.ok(Math.abs(check!.order - 2) < 0.02, `${check!.order}`);
  assert.deepEqual(Object.keys(check!.orders), names);
  for (const name of names) {
    assert.ok(Math.abs(check!.orders[name]! - 2) < 0.05, `${name}: ${check!.orders[name]}`);
    const rows = check!.rows.filter((row) => row.case === name);
    assert.equal(rows.length, 6);
    rows.slice(1).forEach(({ step, error }, i) => {
      const ratio = rows[i]!.error / error;
      assert.ok(step === rows[i]!.step / 2 && ratio > 3.5 && ratio < 4.3, `${name}: ${ratio}`);
    });
  }
});

Deno.test("kfp's special form holds without noise and fails clearly with it", () => {
  const [quiet, noisy] = check!.specialForm;
  assert.deepEqual([quiet!.noise, noisy!.noise], [0, 1]);
  assert.ok(quiet!.gap < 1e-9 * quiet!.trace);
  assert.ok(
    noisy!.gap > 0.3 * noisy!.trace,
    `${noisy!.gap} relative to a trace of ${noisy!.trace}`,
  );
});

Deno.test("kfp draws a PNG of a check read back from JSON", async () => {
  const { width, height, pixels } = decodePng(await kfp.picture(JSON.parse(JSON.stringify(check))));
  assert.ok(width > 1500 && height > 1000);
  const colors = new Set<number>();
  for (let i = 0; i < pixels.length; i += 4) {
    colors.add(pixels[i]! << 16 | pixels[i + 1]! << 8 | pixels[i + 2]!);
  }
  assert.ok(colors.size > 500, `${colors.size} colours`);
});

Deno.test("kfp's derivation renders, and its equations are numbered consecutively", () => {
  assert.ok(markdownToHtml(kfp.derivation).includes("<math"));
  const numbers = [...kfp.derivation.matchAll(/\\qquad \((\d+)\)$/gm)].map((found) =>
    Number(found[1])
  );
  assert.deepEqual(numbers, Array.from({ length: 21 }, (_, i) => i + 1));
});
