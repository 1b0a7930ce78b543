import assert from "node:assert/strict";
import asc from "assemblyscript/asc";
import {
  readField,
  type RecordLayout,
  recordLayout,
  recordReader,
  writeField,
} from "../../../src/core/wasm/record_layout.ts";
import { buildLayouts, layoutPaths } from "../../../tools/build_layouts.ts";
import { root } from "../../../tools/bundle.ts";

Deno.test("build:layouts reproduces the committed files", async () => {
  const files = await buildLayouts();
  assert.ok(files.length > 0);
  for (const { path, text } of files) {
    assert.equal(Deno.readTextFileSync(`${root}/${path}`), text, "run: deno task build:layouts");
  }
});

/** Evaluates AssemblyScript expressions, each in a compiled function without arguments. */
async function evaluate(imports: string, expressions: readonly string[]): Promise<number[]> {
  const functions = expressions.map((expression, i) =>
    `export function f${i}(): usize { return ${expression}; }\n`
  );
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(["m.ts", "--outFile", "m.wasm", "--runtime", "stub"], {
    readFile: (name: string) => {
      if (name === "m.ts") return imports + functions.join("");
      try {
        return Deno.readTextFileSync(`${root}/${name}`);
      } catch {
        return null; // asc tries several names
      }
    },
    writeFile(_name: string, content: string | Uint8Array) {
      bytes = content as Uint8Array<ArrayBuffer>;
    },
    listFiles: () => [],
  });
  assert.equal(error, null, stderr.toString());
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes!));
  return expressions.map((_, i) => (exports[`f${i}`] as () => number)());
}

Deno.test("every field has the offset that AssemblyScript gives it in the generated classes", async () => {
  for (const path of layoutPaths("src")) {
    const exported = Object.values(await import(`file://${root}/${path}`)) as RecordLayout[];
    const records = exported.filter(({ kind }) => kind === "record");
    if (records.length === 0) continue;
    const imports = `import { ${records.map(({ name }) => name).join(", ")} } from "./${
      path.replace(/\.ts$/, ".part.as")
    }";\n`;
    const fields = records.flatMap(({ name, at }) =>
      Object.keys(at).map((field) => ({
        expression: `offsetof<${name}>("${field}")`,
        at: at[field],
      }))
    );
    // A record's bytes are rounded up to 8.
    const sizes = records.map(({ name, bytes }) => ({
      expression: `(offsetof<${name}>() + 7) & ~7`,
      at: bytes,
    }));
    const all = [...fields, ...sizes];
    const found = await evaluate(imports, all.map(({ expression }) => expression));
    all.forEach(({ expression, at }, i) => assert.equal(found[i], at, `${path}: ${expression}`));
  }
});

Deno.test("writeField() refuses values outside a field's type, and readField() returns the others", () => {
  const layout = recordLayout({ name: "R", about: "A record." }, {
    signed: ["i32", ""],
    real: ["f64", ""],
    whole: ["u32", ""],
    single: ["f32", ""],
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const place = { memory, at: 128, layout };
  const held = { signed: -(2 ** 31), real: Math.PI, whole: 2 ** 32 - 1, single: 0.5 } as const;
  for (const [field, value] of Object.entries(held) as [keyof typeof held, number][]) {
    writeField(place, field, value);
  }
  for (const [field, value] of Object.entries(held) as [keyof typeof held, number][]) {
    assert.equal(readField(place, field), value);
  }
  for (const value of [2 ** 31, 0.5, NaN, Infinity]) {
    assert.throws(() => writeField(place, "signed", value), /^RangeError: signed: /);
  }
  for (const value of [-1, 2 ** 32, 0.5, NaN]) {
    assert.throws(() => writeField(place, "whole", value), /^RangeError: whole: /);
  }
  assert.equal(new Uint8Array(memory.buffer, 0, 128).some((byte) => byte !== 0), false);
});

Deno.test("recordReader() reads each of the records that follow each other", () => {
  const layout = recordLayout({ name: "R", about: "A record." }, {
    whole: ["i32", ""],
    real: ["f64", ""],
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const at = (record: number) => ({ memory, at: 64 + record * layout.bytes, layout });
  for (let record = 0; record < 3; record++) {
    writeField(at(record), "whole", 0 - record);
    writeField(at(record), "real", record / 3);
  }
  const read = recordReader(at(0), 3);
  const found = [0, 1, 2].map((record) => [read(record, "whole"), read(record, "real")]);
  assert.deepEqual(found, [[0, 0], [-1, 1 / 3], [-2, 2 / 3]]);
  // Nothing beyond the records is read.
  assert.throws(() => read(3, "whole"), RangeError);
});
