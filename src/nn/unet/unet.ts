import * as tf from "../../core/tfjs/library.ts";
import type { ParameterLayout } from "../../core/parameters.ts";
import { type ConvolutionParameters, convolve } from "../../ops/convolution/convolution.ts";
import { groupNormSilu } from "../../ops/group_norm_silu/group_norm_silu.ts";
import { double, halve, join } from "../../ops/resample/resample.ts";
import { timeEmbeddingTensor } from "../time_embedding.ts";
import type { UnetSizes } from "./sizes.ts";

/**
 * UNet: residual blocks at three resolutions, each conditioned on the time embedding. docs/unet.py
 * is the same network in PyTorch.
 *
 *   e  = SiLU(Linear(embedding(t)))
 *   h0 = down.0(first(x))        filters        full size
 *   h1 = down.1(halve(h0))       2 filters      half
 *   h  = middle(halve(h1))       2 filters      quarter
 *   h  = up.0(double(h), h1)     2 filters      half
 *   h  = up.1(double(narrow(h)), h0)  filters   full
 *   f  = last(SiLU(last_norm(h)))
 *
 * A block is skip(x) + conv2(SiLU(norm2(conv1(SiLU(norm1(x))) + time(e)))). Images whose sides are
 * not multiples of four are zero-padded at the right and bottom; the result is cropped.
 *
 * Source of the architecture: Ho et al. 2020, Denoising diffusion probabilistic models, appendix B,
 * without attention.
 *
 * @param parameters In layout order, each with its device shape.
 * @param x [n, height * width * channels], NHWC flattened.
 * @param t [n], any finite numbers, or a tensor of them on a GPU.
 * @returns Velocities with x's shape.
 */
export function unet(
  { sizes, layout }: { readonly sizes: UnetSizes; readonly layout: ParameterLayout },
  parameters: readonly tf.Tensor[],
  x: tf.Tensor2D,
  t: ArrayLike<number> | tf.Tensor1D,
): tf.Tensor2D {
  const { height, width, channels, filters } = sizes;
  const named = new Map(
    layout.entries.map(({ name }, i) => [name, parameters[i]!] as const),
  );
  return tf.tidy(() => {
    const images = tf.reshape(x, [x.shape[0], height, width, channels]) as tf.Tensor4D;
    const embedding = timeEmbeddingTensor(t, filters);
    const e = silu(linear(named, "time.1", embedding));
    const block = (name: string, input: tf.Tensor4D) => residualBlock(named, name, { input, e });

    const h0 = block("down.0", conv(named, "first", padded(images)));
    const h1 = block("down.1", halve(h0));
    let h = block("middle.1", block("middle.0", halve(h1)));
    h = block("up.0", joined(double(h), h1));
    const narrowed = conv(named, "narrow", h), doubled = double(narrowed);
    narrowed.dispose();
    h = block("up.1", joined(doubled, h0));
    const last = conv(named, "last", normed(named, "last_norm", { input: h, shift: null }));
    return tf.reshape(cropped(last, images.shape), x.shape) as tf.Tensor2D;
  });
}

type NamedTensors = ReadonlyMap<string, tf.Tensor>;

function residualBlock(
  named: NamedTensors,
  name: string,
  { input, e }: { readonly input: tf.Tensor4D; readonly e: tf.Tensor2D },
): tf.Tensor4D {
  const h = conv(named, `${name}.conv1`, normed(named, `${name}.norm1`, { input, shift: null }));
  const shift = linear(named, `${name}.time`, e);
  const keepsWidth = !named.has(`${name}.skip.weight`);
  const residual = keepsWidth ? input : conv(named, `${name}.skip`, input);
  const out = convolve(normed(named, `${name}.norm2`, { input: h, shift }), {
    ...weights(named, `${name}.conv2`),
    residual,
  }, "linear");
  if (!keepsWidth) residual.dispose();
  return out;
}

/** Both images' channels; disposes them, since no VJP reads them: what is needed again was saved as a copy. */
function joined(a: tf.Tensor4D, b: tf.Tensor4D): tf.Tensor4D {
  const both = join(a, b);
  tf.dispose([a, b]);
  return both;
}

function normed(
  named: NamedTensors,
  name: string,
  { input, shift }: { readonly input: tf.Tensor4D; readonly shift: tf.Tensor2D | null },
): tf.Tensor4D {
  return groupNormSilu(input, {
    scale: named.get(`${name}.weight`) as tf.Tensor1D,
    offset: named.get(`${name}.bias`) as tf.Tensor1D,
    shift,
  });
}

function conv(named: NamedTensors, name: string, input: tf.Tensor4D): tf.Tensor4D {
  return convolve(input, weights(named, name), "linear");
}

function weights(named: NamedTensors, name: string): ConvolutionParameters {
  const filter = named.get(`${name}.weight`) as tf.Tensor4D;
  return { filter, bias: named.get(`${name}.bias`)! };
}

function linear(named: NamedTensors, name: string, input: tf.Tensor2D): tf.Tensor2D {
  return tf.fused.matMul({
    a: input,
    b: named.get(`${name}.weight`) as tf.Tensor2D,
    transposeA: false,
    transposeB: false,
    bias: named.get(`${name}.bias`)!,
  }) as tf.Tensor2D;
}

/** SiLU of [n, 2 filters], too small for a fused operation. */
function silu(z: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(z, tf.sigmoid(z));
}

/** Zero-pads at the right and bottom to multiples of four, for two downsamplings. */
function padded(images: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = images.shape;
  const [below, right] = [-height & 3, -width & 3];
  if (below === 0 && right === 0) return images;
  return tf.pad4d(images, [[0, 0], [0, below], [0, right], [0, 0]]);
}

/** The inverse of {@link padded}. */
function cropped(images: tf.Tensor4D, shape: tf.Tensor4D["shape"]): tf.Tensor4D {
  return tf.util.arraysEqual(images.shape, shape)
    ? images
    : tf.slice4d(images, [0, 0, 0, 0], shape);
}
