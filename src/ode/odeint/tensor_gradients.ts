import * as tf from "../../core/tfjs/library.ts";
import type { Tensor, Tensor1D, Tensor2D } from "../../core/tensors.ts";
import { valueAndCotangents } from "../../ops/gradients.ts";
import { TensorSum } from "../engines/portable/tensor_sum.ts";
import type { StepControl } from "../engines/engine.ts";
import type { DifferentiableField } from "../field.ts";
import type { StepRecord } from "../solver/rows_problem.ts";
import type { Tableau } from "../tableau.ts";
import type { EventInRows } from "./events.ts";
import { adjointOfOutputs, type Output, pullBackOutputs } from "./output_gradient.ts";
import type { RowStorage } from "./row_storage.ts";
import {
  flattened,
  type TensorDynamics,
  type TensorRecord,
  unflattened,
  unflattenedRecord,
} from "./tensor_dynamics.ts";
import { pullBackEvent, type TensorEvent } from "./tensor_events.ts";
import type { TensorGradients, TensorSolution } from "./tensor_solution.ts";

/** A tensor solve with the data that its gradients need. */
export interface SolvedTensors<Rows, T extends Tensor, P extends TensorRecord> {
  readonly storage: RowStorage<Rows>;
  readonly dynamics: TensorDynamics<T, P>;
  readonly field: DifferentiableField<Rows, Tensor1D>;
  readonly tableau: Tableau;
  readonly control: StepControl;
  readonly largestStep?: number;
  readonly maxSteps: number;
  readonly rules: readonly TensorEvent<T, P>[];
  readonly t0: number;
  /** Length of the interval from t0 to the last requested time. */
  readonly span: number;
  /** States at the requested times that were reached. */
  readonly states: readonly { readonly t: number; readonly y: Rows }[];
  readonly events: readonly EventInRows<Rows>[];
  /** Whether the last event is terminal. */
  readonly endsInEvent: boolean;
  /** For the direct gradient: all steps and the end of the last one; null for the adjoint. */
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
  const { storage: { space, toTensor }, dynamics: { shape, parameters } } = solved;
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
    throw new RangeError(`odeintTensors: the loss must be a tensor with one element, got ${got}`);
  }
  return loss;
}

/**
 * Converts the cotangents of a loss to those of states at fixed times. Parameter cotangents through
 * event functions are added to `sum`.
 */
async function readOutputs<Rows, T extends Tensor, P extends TensorRecord>(
  solved: SolvedTensors<Rows, T, P>,
  cotangents: readonly (Tensor | undefined)[],
  into: { readonly outputs: Output<Rows>[]; readonly sum: TensorSum },
): Promise<void> {
  const { storage, dynamics, states, events, endsInEvent, rules, t0 } = solved;
  const [ofEnd, ofStates, ...rest] = cotangents;
  const add = async (at: { readonly t: number; readonly y: Rows }, cotangent: Tensor) => {
    const row: Tensor2D = tf.reshape(cotangent, [1, cotangent.size]);
    try {
      into.outputs.push({ t: at.t, y: at.y, cotangent: await storage.fromTensor(row) });
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
    const y = storage.toTensor(event.y);
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

/** The cotangent of y0 [1, size], new, from those of outputs. */
async function pullBack<Rows, T extends Tensor, P extends TensorRecord>(
  solved: SolvedTensors<Rows, T, P>,
  outputs: readonly Output<Rows>[],
  gradient: TensorSum,
): Promise<Rows> {
  const { storage: { space }, records, states } = solved;
  if (outputs.length === 0) {
    return space.combine(null, Float64Array.of(0), [{ weight: 1, rows: states[0]!.y }]);
  }
  if (records !== null) return pullBackOutputs({ ...solved, ...records, space, outputs, gradient });
  return await adjointOfOutputs({ ...solved, space, outputs, gradient });
}
