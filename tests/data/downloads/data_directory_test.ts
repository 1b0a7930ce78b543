import assert from "node:assert/strict";
import { dataDirectory } from "../../../src/data/downloads/data_directory.ts";

const of = (variables: Readonly<Record<string, string>>, os = "linux") =>
  dataDirectory((name) => variables[name], os);

Deno.test("dataDirectory() prefers FLUXION_DATA_DIR to the user's cache folder", () => {
  const all = { FLUXION_DATA_DIR: "/d", XDG_CACHE_HOME: "/x", HOME: "/h", LOCALAPPDATA: "C:\\l" };
  assert.equal(of(all), "/d");
  assert.equal(of({ ...all, FLUXION_DATA_DIR: "" }), "/x/fluxion");
  assert.equal(of({ HOME: "/h", XDG_CACHE_HOME: "relative" }), "/h/.cache/fluxion");
  assert.equal(of({ HOME: "/h", XDG_CACHE_HOME: "/x" }, "darwin"), "/h/Library/Caches/fluxion");
  assert.equal(of({ LOCALAPPDATA: "C:\\l" }, "windows"), "C:\\l/fluxion");
  for (const os of ["linux", "darwin", "windows"]) assert.equal(of({}, os), null);
});
