import type * as tf from "../../core/tfjs/library.ts";
import { gradientsInOrder, PartialSums, summedNumbers } from "../resnet_block/partial_sums.ts";
import { OwnMemory } from "../resnet_block/places.ts";
import { MOST_CALLS } from "../../threads/board.ts";
import type { Range } from "../../threads/ranges.ts";
import type { Argument, KernelCall } from "../../threads/thread_pool.ts";
import {
  addressOf,
  type KernelCall as TensorCall,
  type WasmBackend,
  withScratch,
} from "../../threads/wasm.ts";
import { flipFilter } from "../convolution/conv2d.ts";
import { FILTER_SCRATCH } from "../convolution/kernels.ts";
import { FILTER_WORK } from "../convolution/winograd_filter.ts";
import {
  blockCalls,
  blockGradientCalls,
  blockGradientScratch,
  type BlockKernels,
  blockScratch,
} from "../resnet_block/calls.ts";
import { supportsResnetBlock } from "../resnet_block/cpu.ts";
import { portions } from "../resnet_block/portions.ts";

/**
 * tfjs names of Fluxion kernels for a whole ResNet,
 *
 *   h = relu(conv 3x3(x)), then the blocks, the last through ReLU, y = conv 3x3(h),
 *
 * and for the mean of (y - target)^2 with its gradient. One thread takes a few images through all layers,
 * forward and backward: their activations stay in its caches and need no memory for the whole batch.
 * The bits are those of one operation per layer.
 */
export const resnetKernels = {
  velocity: "FluxionResnet",
  squaredError: "FluxionResnetSquaredError",
} as const;

type Operand = "x" | `filter${number}` | `bias${number}`;

interface ResnetAttributes {
  readonly blocks: number;
}

/**
 * Arguments: x [n, h, w, channels], and filter and bias of each convolution in order; the first bias of
 * a block is [n, c]. Returns y, of x's shape.
 */
export type ResnetCall = TensorCall<Operand, ResnetAttributes>;

/**
 * Arguments: those of {@link ResnetCall} and the target, of x's shape. Returns in {@link Regression}'s
 * order y, its cotangent, the first convolution's output and its cotangent, the last convolution's
 * input, and of each block the cotangents of its filters and biases in order.
 */
export type ResnetSquaredErrorCall = TensorCall<Operand | "target", ResnetAttributes>;

type Shape4D = [number, number, number, number];

const BYTES = Float32Array.BYTES_PER_ELEMENT;
const TAPS = 9;
/** Calls of a block in a chain besides those per image, and of a chain besides its blocks'. */
const [BLOCK_CALLS, OTHER_CALLS] = [2 + 9, 5];

/**
 * Whether the kernels support these sizes: the first convolution must be one by im2col, the last one to
 * few channels, the others Winograd's; and the calls of a chain must fit on the threads' board.
 *
 * @param images [n, h, w, filters].
 */
export function supportsResnet(
  images: Shape4D,
  { channels, blocks }: { readonly channels: number; readonly blocks: number },
): boolean {
  const [n, h, w, c] = images;
  if (n * h * w === 0 || blocks === 0 || channels > 3 || !supportsResnetBlock(c)) return false;
  return blocks * (portions(images).at(-1)!.count + BLOCK_CALLS) + OTHER_CALLS <= MOST_CALLS;
}

/**
 * Largest size of the partial gradients of all portions and blocks, which live at once; block by block one
 * block's do. How many rows fit the memory is reckoned without them (flows/piece_rows.ts): this is a sixteenth
 * of it. The 22 portions of 64 images of MNIST with 32 filters and 4 blocks have 4 MB.
 */
const MOST_PARTIAL_BYTES = 2 ** 27;

/** Whether the kernels support the squared error of these sizes; as {@link supportsResnet}. */
export function supportsResnetSquaredError(
  images: Shape4D,
  sizes: { readonly channels: number; readonly blocks: number },
): boolean {
  if (!supportsResnet(images, sizes)) return false;
  const numbers = portions(images).length * sizes.blocks * summedNumbers(images[3]);
  return numbers * BYTES <= MOST_PARTIAL_BYTES;
}

/** What both operations compute from. */
interface Setting {
  readonly simd: BlockKernels;
  readonly backend: WasmBackend;
  readonly blocks: number;
  /** [n, h, w, filters]. */
  readonly images: Shape4D;
  readonly channels: number;
  /** Bytes of an image with all filters, and with its channels. */
  readonly image: number;
  readonly plain: number;
  /** Address of an operand. */
  readonly at: (name: Operand) => number;
}

function settingOf(simd: BlockKernels, { inputs, attrs, backend }: ResnetCall): Setting {
  const [n, h, w, channels] = inputs.x.shape as Shape4D;
  const [, , , c] = inputs.filter0!.shape as Shape4D;
  return {
    ...{ simd, backend, blocks: attrs.blocks, images: [n, h, w, c], channels },
    ...{ image: h * w * c * BYTES, plain: h * w * channels * BYTES },
    at: (name) => addressOf(backend, inputs[name]!),
  };
}

/** Number of a block's first convolution. */
const firstOf = (block: number) => 1 + 3 * block;

/** Scratch size in numbers of the first and the last convolution. */
function outerScratch({ simd: { kernels }, images: [, h, w, c], channels }: Setting): number {
  return Math.max(
    kernels.convScratch(TAPS * channels, c),
    kernels.convNarrowScratch(h * w, c, TAPS * channels),
  );
}

/** A 3x3 convolution from an image's channels to all filters, of a portion. */
function widen(
  { simd, images: [, h, w, c], channels }: Setting,
  { count }: Range,
  [from, filter, bias, relu, to, scratch]: readonly [
    ...[from: number, filter: number, bias: number],
    ...[relu: 0 | 1, to: Argument, scratch: Argument],
  ],
): KernelCall {
  return simd.call(
    ...["conv", simd.wide, count, h, w, channels, 3, 3, h, w, c, 1, 1, 1, 1] as const,
    ...[from, filter, bias, relu, to, scratch] as const,
  );
}

/** The last convolution of a portion. */
function narrow(
  { simd, images: [, h, w, c], channels, blocks, at }: Setting,
  { count }: Range,
  { from, to, scratch }: {
    readonly from: Argument;
    readonly to: number;
    readonly scratch: Argument;
  },
): KernelCall {
  const layer = firstOf(blocks);
  return simd.call(
    ...["convNarrow", simd.wide, count, h, w, c, 3, 3, h, w, channels, 1, 1, from] as const,
    ...[at(`filter${layer}`), at(`bias${layer}`), 0, to, scratch] as const,
  );
}

/** A block of a portion. */
function blockOf(
  { simd, images: [, h, w, c], blocks, at }: Setting,
  { first, count }: Range,
  block: number,
  { u, scratch, ...activations }:
    & Readonly<Record<"x" | "a1" | "a2" | "y" | "scratch", Argument>>
    & {
      readonly u: number;
    },
): KernelCall[] {
  const layer = firstOf(block);
  return blockCalls(simd, [count, h, w, c], {
    ...{ ...activations, u, filter1: at(`filter${layer}`), filter3: at(`filter${layer + 2}`) },
    bias1: at(`bias${layer}`) + first * c * BYTES,
    ...{ bias2: at(`bias${layer + 1}`), bias3: at(`bias${layer + 2}`) },
  }, { relu: block === blocks - 1, scratch });
}

/**
 * Calls `use` with the address of the blocks' transformed 3x3 filters: `u(block)`, and with `turn` 1 those
 * of the VJP.
 */
function withFilters(
  { simd, backend, images: [, , , c], blocks, at }: Setting,
  turns: readonly (0 | 1)[],
  use: (u: (block: number, turn?: 0 | 1) => number) => void,
): void {
  const bytes = simd.kernels.winogradFilterBytes(c, c), count = turns.length * blocks;
  withScratch(backend, count * bytes / BYTES, (begin) => {
    const u = (block: number, turn = 0) => begin + (turn * blocks + block) * bytes;
    const calls = turns.flatMap((turn) =>
      Array.from(
        { length: blocks },
        (_, block) =>
          [0, c, c, c, at(`filter${firstOf(block) + 1}`), turn, u(block, turn)] as const,
      )
    );
    simd.runWithScratch(
      "winogradFilter",
      FILTER_SCRATCH,
      calls,
      FILTER_WORK * TAPS * c * c * count,
    );
    use(u);
  });
}

/** The whole network; see {@link resnetKernels}. */
export function resnetVelocity(simd: BlockKernels, call: ResnetCall): tf.TensorInfo {
  const setting = settingOf(simd, call), { images, image, plain, blocks, at } = setting;
  const parts = portions(images), most = parts.at(-1)!.count;
  const out = call.backend.makeOutput(call.inputs.x.shape, "float32");
  const [from, to] = [at("x"), addressOf(call.backend, out)];
  const own = new OwnMemory(Math.max(blockScratch(simd, images[3]), outerScratch(setting)));
  const { scratch } = own;
  const [h, a1, a2] = [0, 0, 0].map(() => own.take(most * image)) as [Argument, Argument, Argument];
  withFilters(setting, [0], (u) => {
    const chains = parts.map((part) => [
      widen(setting, part, [
        ...[from + part.first * plain, at("filter0"), at("bias0"), 1, h, scratch] as const,
      ]),
      ...Array.from(
        { length: blocks },
        (_, block) => blockOf(setting, part, block, { x: h, a1, a2, y: h, u: u(block), scratch }),
      ).flat(),
      narrow(setting, part, { from: h, to: to + part.first * plain, scratch }),
    ]);
    simd.runChains(chains, own.numbers);
  });
  return out;
}

/** The network's mean squared error and its gradient; see {@link resnetKernels}. */
export function resnetSquaredError(
  simd: BlockKernels,
  call: ResnetSquaredErrorCall,
): tf.TensorInfo[] {
  const setting = settingOf(simd, call), { backend } = call;
  const { images, image, plain, channels, blocks, at } = setting;
  const [n, height, width, c] = images;
  const parts = portions(images), most = parts.at(-1)!.count;
  const make = (...shape: number[]) => backend.makeOutput(shape, "float32");
  const place = (tensor: tf.TensorInfo) => addressOf(backend, tensor);
  const x = call.inputs.x.shape as Shape4D;
  const [y, dy] = [make(...x), make(...x)],
    [first, dFirst, last] = [0, 0, 0].map(() => make(...images)) as [
      tf.TensorInfo,
      tf.TensorInfo,
      tf.TensorInfo,
    ];
  const partial = new PartialSums(backend, parts.length);
  const gradients = Array.from(
    { length: blocks },
    () => ({ bias1: make(n, c), sums: partial.ofBlock(c) }),
  );

  const own = new OwnMemory(Math.max(
    ...[blockScratch(simd, c), blockGradientScratch(simd, [most, height, width, c])] as const,
    outerScratch(setting),
  ));
  const { scratch } = own, take = () => own.take(most * image);
  const kept = gradients.map(() => ({ a1: take(), a2: take() }));
  const inner = gradients.slice(1).map(take), [d, d1, d2] = [take(), take(), take()];
  /** Input of a block; of the one after the last the last convolution's. */
  const inputOf = (block: number, { first: image0 }: Range): Argument => {
    if (block === 0) return place(first) + image0 * image;
    return block === blocks ? place(last) + image0 * image : inner[block - 1]!;
  };
  const turned = flipFilter(backend, call.inputs[`filter${firstOf(blocks)}`]!);
  // The gradient of a mean of squares, rounded as tfjs rounds it.
  const scale = Math.fround(1 / (n * height * width * channels));

  withScratch(backend, partial.numbers, (begin) =>
    withFilters(setting, [0, 1], (u) => {
      const chains = parts.map((part, index) => {
        const { first: image0, count } = part, start = image0 * plain;
        const [to, dTo] = [place(y) + start, place(dy) + start];
        const forward = gradients.flatMap((_, block) =>
          blockOf(setting, part, block, {
            ...{ x: inputOf(block, part), y: inputOf(block + 1, part), ...kept[block]! },
            ...{ u: u(block), scratch },
          })
        );
        const backward = gradients.flatMap(({ bias1, sums }, block) => {
          const layer = firstOf(block), isLast = block === blocks - 1;
          return [blockGradientCalls(simd, [count, height, width, c], {
            ...{ dy: d, x: inputOf(block, part), ...kept[block]!, masked: d, d1, d2 },
            ...(isLast ? { y: inputOf(blocks, part) } : {}),
            ...{ filter1: at(`filter${layer}`), u: u(block, 1), filter3: at(`filter${layer + 2}`) },
            dx: block === 0 ? place(dFirst) + image0 * image : d,
            dBias1: place(bias1) + image0 * c * BYTES,
            sums: partial.partOf(sums, { begin, part: index }),
          }, scratch)];
        }).reverse().flat();
        return [
          widen(setting, part, [
            ...[at("x") + start, at("filter0"), at("bias0"), 1] as const,
            ...[inputOf(0, part), scratch] as const,
          ]),
          ...forward,
          narrow(setting, part, { from: inputOf(blocks, part), to, scratch }),
          simd.call(
            ...["squaredErrorGradient", count * height * width * channels, scale, to] as const,
            ...[place(call.inputs.target) + start, dTo] as const,
          ),
          widen(setting, part, [dTo, place(turned), 0, 0, d, scratch]),
          ...backward,
        ];
      });
      simd.runChains(chains, own.numbers);
      partial.addUp(simd, begin);
    }));
  backend.disposeData(turned.dataId);
  return [
    ...[y, dy, first, dFirst, last],
    ...gradients.flatMap(({ bias1, sums }) => gradientsInOrder(sums, bias1)),
  ];
}
