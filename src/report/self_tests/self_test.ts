import type { BackendKind } from "../../backends/backend.ts";
import { openDevice } from "../../ode/engines/open_device.ts";
import type { Claim } from "../../theory/theorem.ts";
import { checkContinuousFlow } from "./continuous_flow.ts";
import { checkFlowMatching } from "./flow_matching.ts";
import type { SelfTestOptions } from "./options.ts";

/** A self-test: statements with measured and expected values. */
export interface SelfTest {
  /** Which. */
  readonly name: SelfTestName;
  /** Whether every claim passed. */
  readonly pass: boolean;
  /** All tested statements. */
  readonly claims: readonly Claim[];
}

/** The self-tests of the homework's two models. */
export type SelfTestName = "continuousFlow" | "flowMatching";

/**
 * Runs both self-tests on a backend, which is opened for them.
 *
 * @throws {InputError} If the backend is not available.
 * @throws {FailureError} If a solve fails.
 */
export async function runSelfTests(
  { seed, backend }: { readonly seed: number; readonly backend: "auto" | BackendKind },
): Promise<readonly SelfTest[]> {
  const device = await openDevice(backend);
  try {
    const options = { seed, engines: device.engines };
    const made = async (
      name: SelfTestName,
      check: (options: SelfTestOptions) => Promise<readonly Claim[]>,
    ): Promise<SelfTest> => {
      const claims = await check(options);
      return { name, pass: claims.every(({ pass }) => pass), claims };
    };
    return [
      await made("continuousFlow", checkContinuousFlow),
      await made("flowMatching", checkFlowMatching),
    ];
  } finally {
    device.close();
  }
}
