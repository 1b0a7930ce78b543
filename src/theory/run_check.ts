import type { BackendKind } from "../backends/backend.ts";
import { openDevice } from "../ode/engines/open_device.ts";
import type { Theorem, TheoremCheck } from "./theorem.ts";

/**
 * Opens a backend, runs a theorem's check on it, and closes it again.
 *
 * @param options.backend `auto` picks the best backend for points, the data of all checks.
 * @returns The check's result and the backend that ran it.
 * @throws {InputError} If the backend is not available.
 */
export async function runCheck<Check extends TheoremCheck>(
  theorem: Theorem<Check>,
  options: { readonly seed: number; readonly backend: "auto" | BackendKind },
): Promise<{ readonly check: Check; readonly backend: BackendKind }> {
  const device = await openDevice(options.backend);
  const { backend } = device;
  try {
    return { check: await theorem.check({ seed: options.seed, backend }), backend: backend.kind };
  } finally {
    device.close();
  }
}
