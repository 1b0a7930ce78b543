import type { BackendKind } from "../backends/backend.ts";
import { openDevice } from "../ode/engines/open_device.ts";
import type { Theorem, TheoremCheck } from "./theorem.ts";

/**
 * Checks a theorem on a backend that is open for as long as that takes.
 *
 * @param options.backend `auto` takes what is best for points, which the models of the theory are of.
 * @returns What the check found, and the backend that it was.
 * @throws {InputError} If the backend is not there.
 */
export async function putToTest<Check extends TheoremCheck>(
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
