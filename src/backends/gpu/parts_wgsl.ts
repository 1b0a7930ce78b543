import { gridMain } from "../../ops/wgsl/grid.ts";
import type { DeviceLimits } from "./limits.ts";
import type { ProgramSource } from "./programs.ts";

/** Whether a whole is written from its parts, or they from it. */
export type Direction = "join" | "cut";

const THREADS = 256;

/** Numbers that a workgroup copies, all of one part. */
export const NUMBERS_PER_WORKGROUP = 16 * THREADS;

/** Parts per dispatch on devices that can bind so many: fewer dispatches are not worth a larger shader. */
const MOST_PARTS = 28;

/** Parts that a dispatch can bind beside the whole. */
export function partsPerDispatch({ maxStorageBuffersPerShaderStage }: DeviceLimits): number {
  return Math.min(MOST_PARTS, maxStorageBuffersPerShaderStage - 1);
}

/** Words of the job that each part has. */
export const WORDS_PER_PART = 4;

/** First workgroup of a part that is not there. */
export const NO_WORKGROUP = 2 ** 32 - 1;

/**
 * Copies between a whole and parts of it.
 *
 *   0       uniform     job    per part: first workgroup or {@link NO_WORKGROUP}, numbers, place in the whole, 0
 *   1       join: read_write, cut: read    whole
 *   2, ...  join: read, cut: read_write    the parts
 */
export function partsProgram(direction: Direction, parts: number): ProgramSource {
  const [ofWhole, ofPart] = direction === "join"
    ? ["readWrite", "read"] as const
    : ["read", "readWrite"] as const;
  const access = { read: "read", readWrite: "read_write" };
  const each = (line: (part: number) => string) =>
    Array.from({ length: parts }, (_, i) => line(i)).join("\n");
  const copy = (part: number) =>
    direction === "join" ? `whole[to] = part${part}[i];` : `part${part}[i] = whole[to];`;
  return {
    name: direction === "join" ? "parts joined" : "parts cut",
    code: `
@group(0) @binding(0) var<uniform> job: array<vec4u, ${parts}>;
@group(0) @binding(1) var<storage, ${access[ofWhole]}> whole: array<f32>;
${each((i) => `@group(0) @binding(${i + 2}) var<storage, ${access[ofPart]}> part${i}: array<f32>;`)}
${gridMain(THREADS)}
  var part = 0u;
  for (var i = 1u; i < ${parts}u; i++) { part = select(part, i, workgroup >= job[i].x); }
  let here = job[part];
  let first = (workgroup - here.x) * ${NUMBERS_PER_WORKGROUP}u;
  let end = min(here.y, first + ${NUMBERS_PER_WORKGROUP}u);
  for (var i = first + lid; i < end; i += ${THREADS}u) {
    let to = here.z + i;
    switch part {
${each((i) => `      case ${i}u: { ${copy(i)} }`)}
      default: {}
    }
  }
}
`,
    bindings: ["uniform", ofWhole, ...Array.from({ length: parts }, () => ofPart)],
    threads: THREADS,
    workgroupBytes: 0,
  };
}
