import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor1D, Tensor2D } from "../../core/tensors.ts";
import { valueAndCotangents } from "../../ops/gradients.ts";
import { TensorSum } from "../engines/portable/tensor_sum.ts";
import type { StepControl } from "../engines/engine.ts";
import type { DifferentiableField } from "../field.ts";
import type { StepRecord, StepSizes } from "../solver/rows_problem.ts";
import type { Tableau } from "../tableau.ts";
import type { EventInRows } from "./events.ts";
import { adjointOfOutputs, type Output, pullBackOutputs } from "./output_gradient.ts";
import type { RowsHome } from "./rows_home.ts";
import {
  flattened,
  type TensorDynamics,
  type TensorRecord,
  unflattened,
  unflattenedRecord,
} from "./tensor_dynamics.ts";
import { pullBackEvent, type TensorEvent } from "./tensor_events.ts";
import type { TensorGradients, TensorSolution } from "./tensor_solution.ts";

/** What the gradients of a tensor solve need. */
export interface SolvedTensors<Rows, T extends Tensor, P extends TensorRecord> {
  readonly home: RowsHome<Rows>;
  readonly dynamics: TensorDynamics<T, P>;
  readonly field: DifferentiableField<Rows, Tensor1D>;
  readonly tableau: Tableau;
  readonly control: StepControl;
  readonly stepSizes: StepSizes;
  readonly maxSteps: number;
  readonly rules: readonly TensorEvent<T, P>[];
  readonly t0: number;
  /** From t0 to the last requested time. */
  readonly span: number;
  /** At the requested times that were reached. */
  readonly states: readonly { readonly t: number; readonly y: Rows }[];
  readonly events: readonly EventInRows<Rows>[];
  /** The last event is terminal. */
  readonly endsInEvent: boolean;
  /** For the direct gradient: all steps, and where the last one ended; null for the adjoint. */
  readonly records: {
    readonly steps: readonly StepRecord<Rows>[];
    readonly end: { readonly t: number; readonly y: Rows };
  } | null;
}

/** A loss and its gradients; see {@link TensorSolution.gradients}. */
export async function tensorGradients<Rows, T extends Tensor, P extends TensorRecord>(
  solved: SolvedTensors<Rows, T, P>,
  solution: TensorSolution<T, P>,
  loss: (solution: TensorSolution<T, P>) => Tensor,
): Promise<TensorGradients<T, P>> {
  const { home: { space, toTensor }, dynamics: { shape, parameters } } = solved;
  const tensors = Object.values(parameters);
  const { value, cotangents } = valueAndCotangents(() => requireOneNumber(loss(solution)), [
    solution.y,
    solution.states,
    ...solution.events.flatMap(({ tTensor, y }) => [tTensor, y]),
    ...tensors,
  ]);
  const sum = new TensorSum(tensors.reduce((total, { size }) => total + size, 0));
  const outputs: Output<Rows>[] = [];
  try {
    sum.add(flattened(tensors, cotangents.slice(cotangents.length - tensors.length)));
    await readOutputs(solved, cotangents, { outputs, sum });
    const y0 = await pullBack(solved, outputs, sum);
    const flat = sum.take();
    const gradients = {
      value: (await value.data())[0]!,
      y0: tf.tidy(() => unflattened<T>(toTensor(y0), shape)),
      parameters: unflattenedRecord(flat, parameters),
    };
    space.release(y0);
    flat.dispose();
    return gradients;
  } finally {
    sum.dispose();
    tf.dispose([value, ...cotangents.flatMap((cotangent) => cotangent ?? [])]);
    for (const { cotangent } of outputs) space.release(cotangent);
  }
}

function requireOneNumber(loss: Tensor): Tensor {
  if (!(loss instanceof tf.Tensor) || loss.size !== 1) {
    const got = loss instanceof tf.Tensor ? `[${loss.shape.join(", ")}]` : typeof loss;
    throw new RangeError(`odeintTensors: a loss must be a tensor of one number, got ${got}`);
  }
  return loss;
}

/** Turns cotangents of a loss into outputs at fixed times; event functions add theirs of the parameters to `sum`. */
async function readOutputs<Rows, T extends Tensor, P extends TensorRecord>(
  solved: SolvedTensors<Rows, T, P>,
  cotangents: readonly (Tensor | undefined)[],
  into: { readonly outputs: Output<Rows>[]; readonly sum: TensorSum },
): Promise<void> {
  const { home, dynamics, states, events, endsInEvent, rules, t0 } = solved;
  const [ofEnd, ofStates, ...rest] = cotangents;
  const add = async (at: { readonly t: number; readonly y: Rows }, cotangent: Tensor) => {
    const row: Tensor2D = tf.reshape(cotangent, [1, cotangent.size]);
    try {
      into.outputs.push({ t: at.t, y: at.y, cotangent: await home.fromTensor(row) });
    } finally {
      row.dispose();
    }
  };
  if (ofStates !== undefined) {
    const rows = tf.unstack(ofStates);
    try {
      for (const [i, state] of states.entries()) await add(state, rows[i]!);
    } finally {
      tf.dispose(rows);
    }
  }
  if (ofEnd !== undefined && !endsInEvent) await add(states.at(-1)!, ofEnd);
  for (const [i, event] of events.entries()) {
    const isEnd = endsInEvent && i === events.length - 1;
    const ofTime = rest[2 * i], own = rest[2 * i + 1];
    const both = [own, isEnd ? ofEnd : undefined].flatMap((tensor) => tensor ?? []);
    if (ofTime === undefined && both.length === 0) continue;
    const ofState = both.length === 0 ? undefined : tf.addN(both);
    const y = home.toTensor(event.y);
    try {
      const { index, t } = event;
      const pulled = await pullBackEvent(dynamics, rules[index]!, { index, t, y }, {
        t: ofTime,
        y: ofState,
      });
      into.sum.add(pulled.parameters);
      await add(event, pulled.y).finally(() => pulled.y.dispose());
    } finally {
      y.dispose();
      ofState?.dispose();
    }
  }
  const direction = Math.sign((states[1] ?? events.at(-1)!).t - t0);
  into.outputs.sort((a, b) => (a.t - b.t) * direction);
}

/** The cotangent of y0 [1, size] from those of outputs; new. */
async function pullBack<Rows, T extends Tensor, P extends TensorRecord>(
  solved: SolvedTensors<Rows, T, P>,
  outputs: readonly Output<Rows>[],
  gradient: TensorSum,
): Promise<Rows> {
  const { home: { space }, records, states } = solved;
  if (outputs.length === 0) {
    return space.combine(null, Float64Array.of(0), [{ weight: 1, rows: states[0]!.y }]);
  }
  if (records !== null) return pullBackOutputs({ ...solved, ...records, space, outputs, gradient });
  return await adjointOfOutputs({ ...solved, space, outputs, gradient });
}
