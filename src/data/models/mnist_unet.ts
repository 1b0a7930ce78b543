import config from "../../../data/models/mnist-unet.json" with { type: "json" };
import weights from "../../../data/models/mnist-unet.safetensors.b64" with { type: "text" };
import { fromBase64 } from "../../core/base64.ts";

/** The files of a model that comes with Fluxion. */
export interface ShippedFiles {
  /** What a run's `config.json` holds. */
  readonly config: string;
  /** A safetensors file with the sampling weights. */
  readonly weights: Uint8Array;
}

/** The U-Net of `data/models/README.md`. */
export function mnistUnetFiles(): ShippedFiles {
  return { config: JSON.stringify(config), weights: fromBase64(weights) };
}
