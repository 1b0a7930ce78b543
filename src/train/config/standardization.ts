import { InputError } from "../../core/errors.ts";
import { parseJson } from "../../core/files/bounded_json.ts";
import type { Standardization } from "../../flows/standardization.ts";
import { isImageNetwork, type Network } from "../../nn/network.ts";
import { checked } from "./check.ts";
import { standardizationSchema } from "./schema.ts";

/**
 * Parses the standardization of a table from JSON.
 *
 * @throws {InputError} If the text is not valid JSON of that form.
 */
export function parseStandardization(text: string, place: string): Standardization {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw new InputError(`${place}: its metadata's standardization is not JSON`);
  }
  return checked(
    standardizationSchema,
    value,
    (key) => `${place}: its metadata's standardization${key === "" ? "" : `.${key}`}`,
  );
}

/**
 * Checks that a standardization has one scale per column of a network's points.
 *
 * @throws {InputError} If it has not.
 */
export function requireScalesOf(
  network: Network,
  standardization: Standardization | null,
  place: string,
): void {
  if (standardization === null) return;
  const found = standardization.center.length;
  if (isImageNetwork(network) || found !== network.rowWidth) {
    const wanted = isImageNetwork(network) ? "images have none" : `points have ${network.rowWidth}`;
    throw new InputError(`${place}: has scales of ${found} columns, the network's ${wanted}`);
  }
}
