import * as tf from "@tensorflow/tfjs";

/** Filter gradient for tfjs's WebAssembly backend, which has none: one product per filter tap. */
export function composeFilterGradient(): void {
  if (tf.getKernel("Conv2DBackpropFilter", "wasm") !== undefined) return;
  tf.registerKernel({
    kernelName: "Conv2DBackpropFilter",
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => {
      const [x, dy] = [inputs.x as tf.Tensor4D, inputs.dy as tf.Tensor4D];
      const [kh, kw, cin, cout] = attrs!.filterShape as [number, number, number, number];
      const [n, h, w] = x.shape;
      return tf.tidy(() => {
        const [ph, pw] = [(kh - 1) / 2, (kw - 1) / 2];
        const padded = tf.pad4d(x, [[0, 0], [ph, ph], [pw, pw], [0, 0]]);
        const cotangents = tf.reshape(dy, [n * h * w, cout]) as tf.Tensor2D;
        const taps = Array.from({ length: kh * kw }, (_, tap) => {
          const piece = tf.slice4d(padded, [0, Math.floor(tap / kw), tap % kw, 0], [n, h, w, cin]);
          return tf.matMul(tf.reshape(piece, [n * h * w, cin]), cotangents, true);
        });
        return tf.reshape(tf.stack(taps), [kh, kw, cin, cout]);
      });
    },
  });
}
