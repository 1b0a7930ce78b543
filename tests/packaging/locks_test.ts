// A fresh clone downloads what deno.lock holds: the program's packages. What tests and builds use
// beside those stands in tests/deno.lock.
import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };

interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

function read(path: string): Lock {
  return JSON.parse(Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url)));
}

const program = read("deno.lock"), everything = read("tests/deno.lock");

Deno.test("deno.lock holds nothing that only tests and builds use", () => {
  const packagesOf = (imports: Readonly<Record<string, string>>) =>
    Object.values(imports).flatMap((specifier) => /^npm:(@?[^@]+)@/.exec(specifier)?.[1] ?? []);
  const own = packagesOf(settings.imports);
  const others = Object.values(settings.scopes).flatMap(packagesOf)
    .filter((name) => !own.includes(name));
  assert.ok(others.includes("fast-check"));
  const held = Object.keys(program.npm).filter((name) =>
    others.some((other) => name.startsWith(`${other}@`))
  );
  // `deno test` without the task's --lock=tests/deno.lock adds them.
  assert.deepEqual(held, [], "git checkout deno.lock, and run tests by deno task test PATH");
});

Deno.test("deno.lock and tests/deno.lock hold the program's packages in the same versions", () => {
  for (const [specifier, version] of Object.entries(program.specifiers)) {
    assert.equal(everything.specifiers[specifier], version, specifier);
  }
  for (const [name, { integrity }] of Object.entries(program.npm)) {
    assert.equal(everything.npm[name]?.integrity, integrity, name);
  }
});
