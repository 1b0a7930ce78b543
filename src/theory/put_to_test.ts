import type { BackendKind } from "../backends/backend.ts";
import { chooseBackend } from "../backends/choose_backend.ts";
import { openBackend } from "../backends/open_backend.ts";
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
  const { kind } = await chooseBackend(options.backend, "points");
  const backend = await openBackend(kind);
  try {
    return { check: await theorem.check({ seed: options.seed, backend: kind }), backend: kind };
  } finally {
    backend.close();
  }
}
