import { isImageNetwork } from "../nn/network.ts";
import { mostRows } from "../ode/solver/rows_memory.ts";
import type { FlowModel, SolveSettings } from "./model.ts";

/** Rows per solve: enough to saturate the hardware; memory does not grow with the request. */
const CHUNK_ROWS = { points: 2048, images: 64 } as const;

/**
 * Rows per solve: a multiple of the control group size, so that chunking does not change results.
 * Null for `batch`, where all rows form one group.
 *
 * @param times Number of times at which states are kept.
 */
export function chunkRows(
  { network }: FlowModel,
  settings: SolveSettings,
  times: number = 0,
): number | null {
  const { controlGroup, tableau } = settings;
  if (controlGroup === "batch") return null;
  const room = mostRows({ width: network.rowWidth, stages: tableau.c.length, times });
  const rows = Math.min(CHUNK_ROWS[isImageNetwork(network) ? "images" : "points"], room);
  return Math.max(1, Math.floor(rows / controlGroup)) * controlGroup;
}
