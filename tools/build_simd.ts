import { root } from "./bundle.ts";
import { writeEmbeddedFiles } from "./embed.ts";
import { MOST_REACH, reachOf } from "./wasm_reach.ts";

/**
 * Builds the WebAssembly kernels: `deno task build:simd`.
 *
 * Each AssemblyScript source `src/**` + `/NAME.as.ts` becomes two modules beside it:
 * `NAME.relaxed.wasm` with relaxed SIMD, where ASC_FEATURE_RELAXED_SIMD is true, and
 * `NAME.plain.wasm` without; or one, `NAME.wasm`, where both are the same because it uses none.
 * `NAME.part.as.ts` is imported by others and built into them.
 *
 * What V8 makes of a module decides how it is written (the GEMM tile went from 0.5 to 0.94
 * of a core's peak by these):
 * - Deno checks the bounds of every access (three operations a load, two where several share an
 *   index and differ in their constant offset): use few loads, constant offsets, one pointer.
 * - A vector constant is made anew at each use (three operations): splat an argument instead,
 *   or load it.
 * - Unrolled by hand, chains of sums are reordered until the registers run out: write a loop of
 *   one turn and V8 unrolls it. 15 registers are free, so 12 sums, two factors and one splat.
 * - Pairs for 256-bit vectors begin at two stores side by side: sums that go anywhere else before
 *   they are stored, and what leads to them, stay at 128 bits.
 * - With checks of bounds pairs find nothing to pair, which is most of what they cost: without the
 *   checks alone, V8 takes 12 % less for a CNF's training step, 4 to 9 % less for an image network's.
 *   Fewer, wider loads could save a part of that at best: a tile has no register left for them.
 * - There is no replacement of a running loop: code that is called once stays slow.
 *
 * Modules embed them in base64, `NAME.relaxed.wasm.b64` and so on (`embed.ts`), written here too.
 *
 * A source may begin with `// asc: FLAGS`, which the compiler then gets beside the common ones
 * (a shared memory needs `--enable threads --sharedMemory --initialMemory 1 --maximumMemory N`).
 */

/** A module that was built: where it belongs, from the project's root, and its bytes. */
export interface SimdModule {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const commonFlags = [
  ...["-O3", "--runtime", "stub", "--noAssert", "--importMemory"],
  // At least a page, or V8 checks every constant offset as well. Kernels get it from their caller.
  ...["--initialMemory", "1", "--memoryBase", "0"],
];

/** The sources that become modules, sorted, as paths from the project's root. */
function simdSources(folder: string): string[] {
  return [...Deno.readDirSync(`${root}/${folder}`)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return simdSources(path);
    return name.endsWith(".as.ts") && !name.endsWith(".part.as.ts") ? [path] : [];
  }).sort();
}

/**
 * Compiles every source.
 *
 * @throws {Error} If one does not compile, or its module would keep something in the memory
 *   or in a variable (the memory belongs to tfjs, or to all workers at once), or an access has a
 *   constant offset beyond what lies empty behind a memory's 4 GiB.
 */
export async function buildSimd(): Promise<SimdModule[]> {
  const modules: SimdModule[] = [];
  for (const source of ["src", "tests/bench"].flatMap(simdSources)) {
    const [relaxed, plain] = [await compile(source, "relaxed"), await compile(source, "plain")];
    const isOne = relaxed.length === plain.length && relaxed.every((byte, i) => byte === plain[i]);
    const builds = isOne ? { wasm: plain } : { "relaxed.wasm": relaxed, "plain.wasm": plain };
    for (const [ending, bytes] of Object.entries(builds)) {
      const path = source.replace(/as\.ts$/, ending);
      const kept = sectionsThatKeepState(bytes);
      if (kept.length > 0) throw new Error(`${path}: keeps state: ${kept.join(", ")}`);
      const reach = reachOf(bytes);
      if (reach > MOST_REACH) throw new Error(`${path}: an offset reaches ${reach} bytes`);
      modules.push({ path, bytes });
    }
  }
  return modules;
}

async function compile(source: string, build: "relaxed" | "plain"): Promise<Uint8Array> {
  const { default: asc } = await import("assemblyscript/asc");
  const ownFlags = /^\/\/ asc: (.*)\n/.exec(Deno.readTextFileSync(`${root}/${source}`))?.[1];
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main([
    source,
    ...["--outFile", "kernel.wasm", ...commonFlags],
    ...["--enable", build === "relaxed" ? "simd,relaxed-simd" : "simd"],
    ...(ownFlags?.trim().split(/\s+/) ?? []),
  ], {
    readFile: (name: string) => {
      try {
        return Deno.readTextFileSync(`${root}/${name}`);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return null; // asc tries several names
        throw error;
      }
    },
    writeFile: (_name: string, content: string | Uint8Array) => {
      bytes = content as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error !== null || bytes === undefined) {
    throw new Error(`${source} (${build}) does not compile:\n${stderr.toString()}`);
  }
  return bytes;
}

/** What of a module outlives a call: data segments, a start function, variables. */
function sectionsThatKeepState(bytes: Uint8Array): string[] {
  let at = 8; // behind the magic number and the version
  const number = () => {
    let value = 0, shift = 0, byte: number;
    do {
      byte = bytes[at++]!;
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte >= 128);
    return value >>> 0;
  };
  const names = new Map([[6, "global variables"], [8, "a start function"], [11, "data"]]);
  const kept: string[] = [];
  while (at < bytes.length) {
    const id = bytes[at++]!;
    const size = number();
    const name = names.get(id);
    if (name !== undefined) kept.push(name);
    at += size;
  }
  return kept;
}

if (import.meta.main) {
  for (const { path, bytes } of await buildSimd()) {
    await Deno.writeFile(`${root}/${path}`, bytes);
  }
  writeEmbeddedFiles();
}
