import * as tf from "../../core/tfjs/library.ts";
import { FailureError } from "../../core/errors.ts";
import type { Scalar, Tensor, Tensor1D } from "../../core/tensors.ts";
import { valueAndCotangents } from "../../ops/gradients.ts";
import type { EventRule } from "./events.ts";
import {
  flattened,
  slopeRow,
  type TensorDynamics,
  type TensorRecord,
  unflattened,
} from "./tensor_dynamics.ts";

/** An event function of `odeintTensors`: its zero crossings along the solution are events. */
export interface TensorEvent<T extends Tensor, P extends TensorRecord> extends EventRule {
  /**
   * The event function: returns a tensor with one element, differentiable in all three arguments. It is
   * evaluated at the ends of each step and at three points between them.
   */
  value(t: Scalar, y: T, parameters: P): Tensor;
}

/** An event function at a state [1, size], as a scalar. */
function valueAt<T extends Tensor, P extends TensorRecord>(
  dynamics: TensorDynamics<T, P>,
  event: TensorEvent<T, P>,
  at: { readonly t: Scalar; readonly y: Tensor },
): Scalar {
  const value = event.value(at.t, unflattened<T>(at.y, dynamics.shape), dynamics.parameters);
  if (!(value instanceof tf.Tensor) || value.size !== 1) {
    const got = value instanceof tf.Tensor ? `[${value.shape.join(", ")}]` : typeof value;
    throw new RangeError(
      `odeintTensors: an event's value must be a tensor with one element, got ${got}`,
    );
  }
  return tf.reshape(value, []);
}

/** Evaluates an event function at a state [1, size] and reads it back; disposes the state. */
export async function readEventValue<T extends Tensor, P extends TensorRecord>(
  dynamics: TensorDynamics<T, P>,
  event: TensorEvent<T, P>,
  at: { readonly t: number; readonly y: Tensor },
): Promise<number> {
  let value: Scalar;
  try {
    value = tf.tidy(() => valueAt(dynamics, event, { t: tf.scalar(at.t), y: at.y }));
  } finally {
    at.y.dispose();
  }
  try {
    return (await value.data())[0]!;
  } finally {
    value.dispose();
  }
}

/** Cotangents of the solution at a fixed time. */
export interface EventCotangents {
  /** [1, size] cotangent of the state at the event's time; owned by the caller. */
  readonly y: Tensor;
  /** Cotangent of the flat parameter vector through the event function only; owned by the caller. */
  readonly parameters: Tensor1D;
}

/**
 * VJP of an event: maps cotangents of its time and state to those of the solution at a fixed time.
 *
 * The time t* solves g(t, y(t), p) = 0, so that by the implicit function theorem
 *   dt* = -(g_y dy + g_p dp) / (g_t + g_y f),  d(y(t*)) = dy + f dt*
 * with dy the perturbation of the solution at the fixed time. Given the cotangents c of the time and
 * v of the state, the cotangent of y is v - s g_y and that of the parameters -s g_p, with
 * s = (c + v f) / (g_t + g_y f).
 *
 * Source: Chen, Amos, Nickel 2021, Learning Neural Event Functions for Ordinary Differential
 * Equations, section 3.1.
 *
 * @param at.y [1, size] state of the event.
 * @param cotangents.t Cotangent of the time; undefined for zero.
 * @param cotangents.y Cotangent of the state; undefined for zero.
 * @throws {FailureError} If the event function's derivative along the solution is 0 there.
 */
export async function pullBackEvent<T extends Tensor, P extends TensorRecord>(
  dynamics: TensorDynamics<T, P>,
  event: TensorEvent<T, P>,
  at: { readonly index: number; readonly t: number; readonly y: Tensor },
  cotangents: { readonly t: Tensor | undefined; readonly y: Tensor | undefined },
): Promise<EventCotangents> {
  const tensors = Object.values(dynamics.parameters);
  const { rate, y, parameters } = tf.tidy(() => {
    const t = tf.scalar(at.t);
    const slope = slopeRow(dynamics, at.t, at.y);
    const { cotangents: [ofT, ofY, ...ofParameters] } = valueAndCotangents(
      () => valueAt(dynamics, event, { t, y: at.y }),
      [t, at.y, ...tensors],
    );
    const along = (row: Tensor | undefined): Tensor =>
      row === undefined ? tf.scalar(0) : tf.sum(tf.mul(row, slope));
    const rate: Scalar = tf.add(ofT ?? 0, along(ofY));
    const v = cotangents.y && tf.reshape(cotangents.y, [1, at.y.size]);
    const s = tf.div(tf.add(cotangents.t ?? 0, along(v)), rate);
    const ofState = tf.mul(ofY ?? tf.zerosLike(at.y), tf.neg(s));
    return {
      rate,
      y: v === undefined ? ofState : tf.add(v, ofState),
      parameters: tf.mul<Tensor1D>(flattened(tensors, ofParameters), tf.neg(s)),
    };
  });
  const speed = (await rate.data())[0]!;
  rate.dispose();
  if (speed === 0 || !Number.isFinite(speed)) {
    tf.dispose([y, parameters]);
    throw new FailureError(
      `odeintTensors: the time of events[${at.index}] at t = ${at.t} has no gradient: its value ` +
        `changes there at a rate of ${speed}`,
    );
  }
  return { y, parameters };
}
