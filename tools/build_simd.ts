import { root } from "./bundle.ts";
import { writeEmbeddedFiles } from "./embed.ts";
import { MOST_REACH, reachOf } from "./wasm_reach.ts";

/**
 * Builds the WebAssembly kernels: `deno task build:simd`.
 *
 * Each AssemblyScript source `src/**` + `/NAME.as.ts` is compiled to two modules next to it:
 * `NAME.relaxed.wasm` with relaxed SIMD, where ASC_FEATURE_RELAXED_SIMD is true, and
 * `NAME.plain.wasm` without; or to a single `NAME.wasm` if it uses no relaxed SIMD.
 * `NAME.part.as.ts` files are only imported by other sources.
 *
 * Kernels are written for V8's code generator (these rules took the GEMM tile from 0.5 to 0.94 of a
 * core's peak):
 * - Deno checks the bounds of every access (three operations per load, two if several loads share
 *   an index and differ in their constant offset): use few loads, constant offsets, one pointer.
 * - V8 rematerialises a vector constant at each use (three operations): splat an argument instead,
 *   or load it.
 * - In manually unrolled code V8 reorders accumulator chains until it runs out of registers: write
 *   one step per iteration and let V8 unroll the loop. 15 registers are free: 12 accumulators, two
 *   factors and one splat.
 * - V8 forms 256-bit vectors by pairing, starting from two adjacent stores: accumulators that are
 *   used elsewhere before they are stored, and the operations leading to them, stay at 128 bits.
 * - Of two adjacent stores the one at the higher address comes first: the other way round V8 emits the
 *   lower half's own store before that of 256 bits (seen in its machine code; 9 to 11 % of Winograd).
 * - Bounds checks prevent pairing, which is most of their cost: without the checks alone V8 takes
 *   12 % less for a CNF's training step, 4 to 9 % less for an image network's. Fewer, wider loads
 *   could recover only a part of that, as a tile has no register left for them.
 * - There is no on-stack replacement: a long loop in a function called once stays slow.
 *
 * TypeScript modules embed them as base64, `NAME.relaxed.wasm.b64` and so on (`embed.ts`), which
 * this tool writes too.
 *
 * A source may begin with `// asc: FLAGS`, passed to the compiler in addition to the common flags
 * (shared memory needs `--enable threads --sharedMemory --initialMemory 1 --maximumMemory N`).
 */

/** A compiled module: its path relative to the project's root, and its bytes. */
export interface SimdModule {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const commonFlags = [
  ...["-O3", "--runtime", "stub", "--noAssert", "--importMemory"],
  // At least one page, or V8 checks constant offsets as well. Callers provide a kernel's memory.
  ...["--initialMemory", "1", "--memoryBase", "0"],
];

/** Paths of the sources that are compiled to modules, sorted, relative to the project's root. */
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
 * @throws {Error} If a source does not compile, its module keeps state in its memory or in a
 *   variable (the memory belongs to tfjs, or is shared by all workers), or an access has a constant
 *   offset beyond the guard region behind a memory's 4 GiB.
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

/** Sections of a module whose state outlives a call: data segments, start function, globals. */
function sectionsThatKeepState(bytes: Uint8Array): string[] {
  let at = 8; // after the magic number and the version
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
