import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { permissionFlags } from "../../tools/permissions.ts";

Deno.test("permissionFlags() names what is listed and opens what is true", () => {
  assert.deepEqual(
    permissionFlags({ read: true, env: ["HOME", "TMPDIR"] }),
    ["--allow-read", "--allow-env=HOME,TMPDIR"],
  );
});

Deno.test("permissions.fluxion reaches the hosts of the data manifests and no others", () => {
  const folder = new URL("../../data/manifests/", import.meta.url);
  const hosts = [...Deno.readDirSync(folder)].flatMap(({ name }) =>
    JSON.parse(Deno.readTextFileSync(new URL(name, folder))).mirrors
      .map((mirror: string) => new URL(mirror).host)
  );
  assert.deepEqual([...settings.permissions.fluxion.net].sort(), [...new Set(hosts)].sort());
});
