import assert from "node:assert/strict";
import { root } from "../../../tools/bundle.ts";
import { MOST_REACH } from "../../../tools/wasm_reach.ts";

/** Above a memory's 2 GiB, below the 4 GiB that an index can address. */
const OUTSIDE = 0x90000000;
/** Start of the arrays that a case keeps inside, one MiB apart. */
const INSIDE = 2 ** 21;

/** A kernel's parameter: its name and AssemblyScript's type. */
type Parameter = readonly [name: string, type: string];

/** The output of each kernel; its inputs stay inside. For kernels not listed, all addresses are outside. */
const written: Readonly<Record<string, string>> = {
  ...{ sumOfSquares: "out", adam: "nextWeights", gemm: "c" },
  ...{ conv: "y", convNarrow: "y", convFilterGradient: "dw", reluGradient: "dx", addOf: "out" },
  squaredErrorGradient: "out",
  ...{ sumOfFour: "out", fourTimes: "out", addTo: "to", sumMiddle: "out", sumLast: "out" },
  ...{ expOf: "out", sigmoidOf: "out", copyRuns: "to", groupNormSilu: "y" },
  ...{ groupNormSiluGradient: "dx", winograd: "y", winogradFilterGradient: "dw" },
  ...{ winogradFilter: "u", radii: "out", normals: "out", toFloat32: "out" },
};
/** Sizes other than 8. */
const sizes: Readonly<Record<string, number>> = {
  ...{ kh: 3, kw: 3, sh: 1, sw: 1, ph: 1, pw: 1, wide: 0, relu: 0, turn: 0, first: 0, thread: 0 },
  ...{ transposeA: 0, transposeB: 0, bytes: 64, fromStep: 64, toStep: 64, count: 16 },
};
/** These begin with memory.fill, which V8 checks regardless of its flags. */
const trapping = new Set(["convFilterGradient"]);

function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (/(?<!\.part)\.as\.ts$/.test(name)) yield `${folder}/${name}`;
  }
}

/** The functions that a source exports. */
function* kernelsOf(source: string): Generator<{ name: string; parameters: Parameter[] }> {
  const text = Deno.readTextFileSync(`${root}/${source}`);
  for (const [, name, list] of text.matchAll(/^export function (\w+)\(([^)]*)\)/gm)) {
    const parameters = [...list!.matchAll(/(\w+): (\w+)/g)].map(([, name, type]) =>
      [name!, type!] as const
    );
    yield { name: name!, parameters };
  }
}

function modulePath(source: string): string {
  const relaxed = `${root}/${source.replace(/as\.ts$/, "relaxed.wasm")}`;
  try {
    Deno.statSync(relaxed);
    return relaxed;
  } catch {
    return `${root}/${source.replace(/as\.ts$/, "wasm")}`;
  }
}

/** Calls a kernel in a separate process without bounds checks. */
async function call(path: string, name: string, values: readonly number[]) {
  const { signal, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      ...["run", "-q", "--no-config", "--allow-all", "--v8-flags=--no-wasm-bounds-checks"],
      ...[`${import.meta.dirname}/_write_outside.ts`, path, name, JSON.stringify(values)],
    ],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { signal, stdout: text(stdout), stderr: text(stderr) };
}

for (const source of ["src", "tests/bench"].flatMap((folder) => [...sources(folder)])) {
  Deno.test(`a kernel that writes outside its memory faults: ${source}`, {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const cases = [...kernelsOf(source)].filter(({ parameters }) =>
      parameters.some(([, type]) => type === "usize")
    );
    assert.ok(cases.length > 0);
    const atOnce = 2;
    for (let first = 0; first < cases.length; first += atOnce) {
      await Promise.all(
        cases.slice(first, first + atOnce).map(async ({ name, parameters }) => {
          let arrays = 0;
          const values = parameters.map(([parameter, type]) => {
            if (parameter in sizes) return sizes[parameter]!;
            if (type !== "usize") return 8;
            if ((written[name] ?? parameter) === parameter) return OUTSIDE;
            return INSIDE + 2 ** 20 * arrays++;
          });
          const { signal, stdout, stderr } = await call(modulePath(source), name, values);
          const [memory, neighbour] = stdout.split(/\s/).map(Number);
          const what = `${name}(${values.join(", ")}): ${stdout}${stderr}`;
          if (trapping.has(name)) assert.match(stdout, /trap\nnothing happened\n$/, what);
          else assert.ok(signal === "SIGSEGV" || signal === "SIGBUS", what);
          // The other memory lies beyond the reach of any index plus offset.
          const isApart = neighbour! + 2 ** 31 <= memory! ||
            neighbour! >= memory! + 2 ** 32 + MOST_REACH;
          assert.ok(isApart, what);
        }),
      );
    }
  });
}
