import { rowWidth } from "../nn/network.ts";
import { mostRows } from "../ode/solver/rows_room.ts";
import type { FlowModel, SolveSettings } from "./model.ts";

/** Rows solved together: enough to fill the machine, few enough that memory does not grow with the request. */
const CHUNK_ROWS = { mlp: 2048, resnet: 64, unet: 64 } as const;

/**
 * How many rows to solve at a time: whole control groups, so that cutting a
 * request changes no result. Null for `batch`, where all rows are one group.
 *
 * @param times Whose states are kept.
 */
export function chunkOf(
  { network }: FlowModel,
  settings: SolveSettings,
  times: number = 0,
): number | null {
  const { controlGroup, tableau } = settings;
  if (controlGroup === "batch") return null;
  const room = mostRows({ width: rowWidth(network), stages: tableau.c.length, times });
  const rows = Math.min(CHUNK_ROWS[network.kind], room);
  return Math.max(1, Math.floor(rows / controlGroup)) * controlGroup;
}
