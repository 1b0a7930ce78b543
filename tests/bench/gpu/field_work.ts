import { fillNormal } from "../../../src/core/random/random.ts";
import { callerKey } from "../../../src/core/random/subsequences.ts";
import { Parameters } from "../../../src/core/parameters.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { rk4 } from "../../../src/ode/tableaus/rk4.ts";
import { fieldFlop } from "./arithmetic.ts";
import { openGpu } from "./setting.ts";

const DIMS = 2, STEPS = 8, ROUNDS = 3;

/** Operations per second of the field's arithmetic in a solve of fixed steps with the exact trace. */
export async function fieldFlops(
  { rows, hidden }: { readonly rows: number; readonly hidden: number },
): Promise<number> {
  const { engines } = await openGpu();
  const network = mlpNetwork({ dims: DIMS, hidden });
  const parameters = Parameters.fromFlat(network.layout, initialParameters(network, 0));
  const width = DIMS + 1;
  const values = fillNormal(callerKey(0), 0, new Float32Array(rows * width));
  const engine = engines.inOrder[0]!;
  const solve = async () => {
    const begin = performance.now();
    const solution = await engine.solve({
      field: { ...network.fused!, parameters, trace: { kind: "exact" } },
      y0: { shape: [rows, width], values },
      ...{ t0: 0, t1: 1, tableau: rk4, control: { kind: "fixed", steps: STEPS } },
      ...{ controlGroup: 8, maxSteps: STEPS, keep: { kind: "end" } },
    });
    const reports = await engine.report(solution)();
    const ms = performance.now() - begin;
    solution.dispose();
    return { ms, nfe: reports[0]!.nfe };
  };
  try {
    const { nfe } = await solve();
    let leastMs = Infinity;
    for (let round = 0; round < ROUNDS; round++) leastMs = Math.min(leastMs, (await solve()).ms);
    return rows * nfe * fieldFlop({ dims: DIMS, hidden }) / (leastMs / 1e3);
  } finally {
    parameters.dispose();
  }
}
