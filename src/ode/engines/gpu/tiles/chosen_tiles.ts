import { isSoftwareAdapter } from "../../../../backends/adapters.ts";
import type { Gpu } from "../../../../backends/gpu/gpu.ts";
import type { MlpShape } from "../../../../ops/mlp_field/contract.ts";
import { largestGroup } from "../../../solver/control_groups.ts";
import type { TraceKind } from "../field_wgsl.ts";
import type { SolveTask } from "../solved.ts";
import { SMALL_TILE, USUAL_TILE, type WantedTile } from "./thread_tile.ts";

/** The tiles of a solve and of its pull-back. */
export interface Tiles {
  readonly solve: WantedTile;
  readonly pullBack: WantedTile;
}

/** What the fastest tiles of a device depend on. */
export interface TiledShape extends MlpShape {
  readonly trace: TraceKind;
  readonly rows: number;
  /** Rows per control group. */
  readonly groupRows: number;
}

/** The shape of a task. */
export function tiledShape(
  { field: { dims, hidden, trace }, y0: { shape: [rows] }, controlGroup }: SolveTask,
): TiledShape {
  const groupRows = largestGroup(rows, controlGroup);
  return { dims, hidden, trace: trace === null ? "none" : trace.kind, rows, groupRows };
}

const known = new WeakMap<Gpu, Map<string, Tiles>>();

/**
 * The tiles that were chosen on a device, by {@link tilesKey}: plain numbers, so that a cache may keep them
 * and put them back.
 */
export function chosenTiles(gpu: Gpu): Map<string, Tiles> {
  let tiles = known.get(gpu);
  if (tiles === undefined) known.set(gpu, tiles = new Map());
  return tiles;
}

/** The key of a shape in {@link chosenTiles}. */
export function tilesKey({ dims, hidden, trace, rows, groupRows }: TiledShape): string {
  return `${dims} dimensions, width ${hidden}, trace ${trace}, ${rows} rows in groups of ${groupRows}`;
}

/** Whether the device computes on the CPU: no tile is faster there, and each is compiled for seconds. */
export function isSoftware({ device }: Pick<Gpu, "device">): boolean {
  return isSoftwareAdapter(device.adapterInfo);
}

/** The tiles for a shape: those that were chosen, or the usual ones. */
export function tilesOn(gpu: Gpu, shape: TiledShape): Tiles {
  const usual = isSoftware(gpu) ? SMALL_TILE : USUAL_TILE;
  return chosenTiles(gpu).get(tilesKey(shape)) ?? { solve: usual, pullBack: usual };
}
