import { InputError } from "../../core/errors.ts";
import type { ShippedFiles } from "./mnist_unet.ts";

/** Names of the trained models that come with Fluxion (`data/models/`). */
export const shippedModels: readonly string[] = ["mnist-unet"];

/** Whether a name is that of a model that comes with Fluxion; `./NAME` is a folder. */
export function isShippedModel(name: string): boolean {
  return shippedModels.includes(name);
}

/**
 * The files of a model that comes with Fluxion. Imported on demand: weights take megabytes.
 *
 * @throws {InputError} If there is no such model.
 */
export async function shippedFiles(name: string): Promise<ShippedFiles> {
  if (name === "mnist-unet") return (await import("./mnist_unet.ts")).mnistUnetFiles();
  throw new InputError(`${name}: no model of that name comes with Fluxion`);
}
