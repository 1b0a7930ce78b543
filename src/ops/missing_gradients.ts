import * as tf from "../core/tfjs/library.ts";

/** Comparisons: their derivative is 0 wherever there is one. */
const COMPARISONS = [
  "Equal",
  "NotEqual",
  "Greater",
  "GreaterEqual",
  "Less",
  "LessEqual",
  "LogicalAnd",
  "LogicalOr",
] as const;

/**
 * Registers gradients that tfjs 4.22 lacks. Without those of comparisons `tf.where` cannot be
 * differentiated, nor leakyRelu, selu, prelu and maxima twice; without that of elu's gradient, elu
 * not twice, as training by likelihood does. Those that are there stay.
 */
export function registerMissingGradients(): void {
  for (const kernelName of COMPARISONS) {
    register({
      kernelName,
      inputsToSave: ["a", "b"],
      gradFunc: (_dy, [a, b]) => ({ a: () => tf.zeros(a!.shape), b: () => tf.zeros(b!.shape) }),
    });
  }
  register({
    kernelName: "LogicalNot",
    inputsToSave: ["x"],
    gradFunc: (_dy, [x]) => ({ x: () => tf.zeros(x!.shape) }),
  });
  // With y = elu(x): dy where x > 0, else dy exp(x) = dy (y + 1).
  register({
    kernelName: "EluGrad",
    inputsToSave: ["dy", "y"],
    gradFunc: (given, [dy, y]) => {
      const cotangent = given as tf.Tensor;
      const isBelow = () => tf.cast(tf.less(y!, 0), "float32");
      return {
        dy: () => tf.mul(cotangent, tf.add(1, tf.mul(isBelow(), y!))),
        y: () => tf.mul(tf.mul(cotangent, dy!), isBelow()),
      };
    },
  });
}

function register(gradient: tf.GradConfig): void {
  if (tf.getGradient(gradient.kernelName) === undefined) tf.registerGradient(gradient);
}
