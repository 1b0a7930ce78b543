import { numbers } from "../_builds.ts";

type Shape4D = [number, number, number, number];
/** A convolution. */
export interface Case {
  readonly input: Shape4D;
  readonly filter: Shape4D;
  readonly stride: number;
  readonly pad: "same" | "valid";
}

/**
 * A convolution y of x with w, and the gradients of sum(dy * y) with respect to x and w, by
 * definition, in float64: each product x w dy is visited once. "same" padding as documented by
 * TensorFlow: output ceil(size / stride), the odd zero at the bottom and right.
 */
export function definition({ input, filter, stride, pad }: Case) {
  const [n, h, w, cin] = input, [kh, kw, , cout] = filter;
  const along = (size: number, kernel: number) => {
    const out = pad === "same"
      ? Math.ceil(size / stride)
      : Math.floor((size - kernel) / stride) + 1;
    const padding = pad === "same" ? Math.max(0, (out - 1) * stride + kernel - size) : 0;
    return { out, before: Math.floor(padding / 2) };
  };
  const rows = along(h, kh), columns = along(w, kw);
  const x = numbers(n * h * w * cin, 0.3), filterValues = numbers(kh * kw * cin * cout, 1.1);
  const dyShape: Shape4D = [n, rows.out, columns.out, cout];
  const dy = numbers(n * rows.out * columns.out * cout, 2.2);
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length), dw = new Float64Array(filterValues.length);
  for (let image = 0; image < n; image++) {
    for (let oy = 0; oy < rows.out; oy++) {
      for (let ox = 0; ox < columns.out; ox++) {
        for (let i = 0; i < kh; i++) {
          for (let j = 0; j < kw; j++) {
            const yy = oy * stride + i - rows.before, xx = ox * stride + j - columns.before;
            if (yy < 0 || yy >= h || xx < 0 || xx >= w) continue;
            for (let c = 0; c < cin; c++) {
              for (let o = 0; o < cout; o++) {
                const at = ((image * h + yy) * w + xx) * cin + c;
                const tap = ((i * kw + j) * cin + c) * cout + o;
                const out = ((image * rows.out + oy) * columns.out + ox) * cout + o;
                y[out]! += x[at]! * filterValues[tap]!;
                dx[at]! += filterValues[tap]! * dy[out]!;
                dw[tap]! += x[at]! * dy[out]!;
              }
            }
          }
        }
      }
    }
  }
  return { x, filterValues, dy, dyShape, y, dx, dw };
}

/** Attributes of tfjs's kernels. */
export function attributes({ stride, pad }: Case) {
  return { strides: [stride, stride], pad, dataFormat: "NHWC", dimRoundingMode: undefined };
}
