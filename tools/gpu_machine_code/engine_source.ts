import { type ProgramSource, workgroupVariables } from "../../src/backends/gpu/programs.ts";
import { pullBackPlan, pullBackVariables } from "../../src/ode/engines/gpu/pull_back/plan.ts";
import { pullBackShader } from "../../src/ode/engines/gpu/pull_back/pull_back_wgsl.ts";
import { solveProgram, solveVariables } from "../../src/ode/engines/gpu/solve_wgsl.ts";
import {
  CANDIDATE_TILES,
  tileFor,
  type WantedTile,
} from "../../src/ode/engines/gpu/tiles/thread_tile.ts";

/** Solves and pull-backs: name, width and dimensions. */
const engineShapes = [
  ["solve", 64, 2],
  ["solve", 128, 2],
  ["solve", 64, 3],
  ["solve", 64, 16],
  ["pull-back", 64, 2],
  ["pull-back", 128, 2],
  ["pull-back", 64, 3],
  ["pull-back", 128, 3],
  ["pull-back", 64, 16],
] as const;

/**
 * Name, width, dimensions, and the tile of a thread that is asked for: rows, quads, unrolled iterations. All that are
 * timed on a GPU, but those whose shader is that of another.
 */
export function engineShaders(): (readonly [string, ...number[]])[] {
  return engineShapes.flatMap(([name, hidden, dims]) => {
    const byCode = new Map<string, readonly [string, ...number[]]>();
    for (const tile of CANDIDATE_TILES) {
      const { code } = engineSource(name, { hidden, dims }, tile);
      const { rows, quads, unroll } = tile;
      if (!byCode.has(code)) byCode.set(code, [name, hidden, dims, rows, quads, unroll]);
    }
    return [...byCode.values()];
  });
}

/** A shader's name in the record; products of images have no tile. */
export function titleOf(
  name: string,
  [first, second, rows, quads]: readonly number[],
): string {
  return rows === undefined
    ? `${name}, ${first} to ${second} channels`
    : `${name}, width ${first}, ${second}-D, ${rows}x${quads}`;
}

/** The shader of a solve or a pull-back with the nearest tile that the shape allows. */
export function engineSource(
  name: string | undefined,
  { hidden, dims }: { readonly hidden: number; readonly dims: number },
  wanted: WantedTile,
): Pick<ProgramSource, "code" | "threads" | "workgroupBytes"> {
  const field = { dims, hidden, trace: "exact" } as const;
  if (name === "solve") {
    const shape = { ...field, tileRows: 8, slopeRoom: 8 };
    const tiled = { tileRows: 8, quads: Math.ceil(hidden / 4), columns: 1 + dims };
    const tile = tileFor(
      tiled,
      wanted,
      (tile) => solveVariables({ ...shape, tile }).bytes <= 2 ** 15,
    );
    return solveProgram({ ...shape, tile });
  }
  const shape = { ...field, rows: 512, groupRows: 8, stages: 6, chunkSteps: 64 };
  const plan = pullBackPlan(shape, 2 ** 15, { tile: wanted });
  const { bytes } = workgroupVariables(pullBackVariables(shape, plan));
  return { code: pullBackShader(shape, plan), threads: plan.threads, workgroupBytes: bytes };
}
