import assert from "node:assert/strict";
import { parseArguments } from "./arguments.ts";
import { parsePhaseArguments } from "./phase_arguments.ts";
import { rows, rowsNamed } from "./table.ts";

Deno.test("parseArguments() takes options anywhere, with a space or an equals sign", () => {
  assert.deepEqual(parseArguments([]), { rounds: 9, names: [], python: null });
  assert.deepEqual(parseArguments(["cnf", "--python", "/opt/a b/python", "gemm", "--rounds=3"]), {
    ...{ rounds: 3, names: ["cnf", "gemm"], python: "/opt/a b/python" },
  });
  assert.equal(parseArguments(["--python=/opt/x=y/python"]).python, "/opt/x=y/python");
});

Deno.test("parseArguments() names what it does not know", () => {
  for (
    const [args, message] of [
      [["--rounds", "0"], /--rounds: expected a whole number from 1, got 0/],
      [["--rounds"], /--rounds: .* got nothing/],
      [["--python"], /--python: expected the path of an interpreter/],
      [["--threads", "2"], /--threads: no such option/],
      [["cnf-trian"], /cnf-trian: no such row; there are all, cnf-train, /],
    ] as const
  ) {
    assert.throws(() => parseArguments(args), message);
  }
});

Deno.test("rowsNamed() gives rows by name and prefix, the long ones only if named", () => {
  const names = (...given: string[]) => rowsNamed(given).map(({ name }) => name);
  assert.deepEqual(names("cnf-8", "gemm"), ["cnf-8", "cnf-8-probes", "gemm"]);
  assert.deepEqual(names("sample"), ["sample-dopri5", "sample-euler"]);
  assert.deepEqual(names(), rows.filter(({ isLong }) => !isLong).map(({ name }) => name));
  assert.deepEqual(names("all"), rows.map(({ name }) => name));
  assert.deepEqual(names("cn"), []);
});

Deno.test("every row has a name of its own and asks no more than it aims at", () => {
  assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
  for (const { name, must, aim } of rows) assert.ok(must <= aim, name);
});

Deno.test("parsePhaseArguments() names what is no run and options that it does not take", () => {
  assert.deepEqual(parsePhaseArguments(["fm:a:b.csv", "--rounds=2"]), {
    ...{ rounds: 2, runs: [{ model: "fm", data: "a:b.csv" }] },
  });
  assert.equal(parsePhaseArguments([]).runs.length, 2);
  for (const name of ["moons", "fm", "fm:", "vae:moons", ":moons"]) {
    assert.throws(
      () => parsePhaseArguments(["cnf:moons", name]),
      { message: `${name}: expected MODEL:DATA with cnf or fm, such as fm:moons` },
    );
  }
  assert.throws(
    () => parsePhaseArguments(["--python", "python3"]),
    { message: "--python: no such option; there are --rounds" },
  );
});
