import assert from "node:assert/strict";
import { deno } from "../../tools/bundle.ts";

Deno.test("deno publish --dry-run takes the package without a remark, and it is small", async () => {
  // Types are checked by `deno task check`; what is public is looked at here all the same.
  const { success, stdout, stderr } = await deno([
    ...["publish", "--dry-run", "--no-check", "--allow-dirty"],
  ]);
  assert.ok(success, stderr);
  assert.doesNotMatch(stdout + stderr, /^(warning|error)/m);
  const files = [...stderr.matchAll(/file:\/\/\S+ \(([\d.]+)(B|KB|MB)\)/g)];
  const bytes = files.map(([, size, unit]) =>
    Number(size) * { B: 1, KB: 2 ** 10, MB: 2 ** 20 }[unit as "B" | "KB" | "MB"]
  );
  const megabytes = bytes.reduce((sum, size) => sum + size, 0) / 2 ** 20;
  assert.ok(files.length > 300 && megabytes < 12, `${files.length} files, ${megabytes} MB`);
  const names = files.map(([file]) => file.replace(/ .*/, ""));
  const others = names.filter((name) => /\/(tests|tools|cli|dist)\/|\.wasm$|\.as\.ts$/.test(name));
  assert.deepEqual(others, []);
});
