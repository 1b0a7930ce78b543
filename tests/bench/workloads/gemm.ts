import * as tf from "@tensorflow/tfjs";
import { openPeak } from "../peak.ts";
import { openCpu, type Setup } from "./setup.ts";
import { contestantName, timed } from "../turns.ts";

const SIZE = 512;
const OPERATIONS = 2 * SIZE ** 3;

/** A 512x512 matrix product on one thread, against the same number of register-only operations. */
export async function gemmSetup(): Promise<Setup> {
  await openCpu(1);
  const [a, b] = [tf.randomNormal([SIZE, SIZE]), tf.randomNormal([SIZE, SIZE])];
  const peak = openPeak();
  return {
    works: {
      product: [{
        ...{ family: "Fluxion", name: contestantName("Fluxion", 1) },
        turn: () =>
          timed(() => {
            tf.matMul(a, b).dispose();
            return null;
          }),
      }, {
        ...{ family: "register-only loop", name: "register-only loop" },
        turn: () =>
          Promise.resolve({
            ...{ ms: OPERATIONS / peak() / 1e6, cpuMs: null, nfe: null, peakBytes: null },
          }),
      }],
    },
    close: () => Promise.resolve(tf.dispose([a, b])),
  };
}
