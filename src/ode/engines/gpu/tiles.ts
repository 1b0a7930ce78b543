import { isSoftwareAdapter } from "../../../backends/adapters.ts";
import type { Gpu } from "../../../backends/gpu/gpu.ts";
import { SMALL_TILE, USUAL_TILE, type WantedTile } from "./tile.ts";

/** The tile of a device's shaders. */
export function tileOn({ device }: Pick<Gpu, "device">): WantedTile {
  return isSoftwareAdapter(device.adapterInfo) ? SMALL_TILE : USUAL_TILE;
}
