import type { FlowModel } from "./model.ts";

/** Rows solved together: enough to fill the machine, few enough that memory does not grow with the request. */
const CHUNK_ROWS = { mlp: 2048, resnet: 64, unet: 64 } as const;

/**
 * How many rows to solve at a time: whole control groups, so that cutting a
 * request changes no result. Null for `batch`, where all rows are one group.
 */
export function chunkOf(model: FlowModel, controlGroup: number | "batch"): number | null {
  if (controlGroup === "batch") return null;
  return Math.max(1, Math.floor(CHUNK_ROWS[model.network.kind] / controlGroup)) * controlGroup;
}
