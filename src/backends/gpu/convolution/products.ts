import {
  filterGradientBytes,
  type FilterGradientJob,
  filterGradientJob,
  filterGradientShader,
  PLACED_PIXELS,
} from "../../../ops/convolution/gpu/filter_gradient_wgsl.ts";
import {
  activations,
  biasKinds,
  type GatherEpilogue,
  type GatherJob,
  gatherJob,
  gatherShader,
  MOST_BIT_TAPS,
} from "../../../ops/convolution/gpu/gather_wgsl.ts";
import {
  addPartsShader,
  pixelSumsShader,
  SUM_THREADS,
  SUMS_PER_WORKGROUP,
} from "../../../ops/convolution/gpu/sums_wgsl.ts";
import {
  PRODUCT_THREADS,
  STEP_TERMS,
  tileBytes,
  type TileChoice,
} from "../../../ops/convolution/gpu/tile_wgsl.ts";
import type { Geometry } from "../../../ops/convolution/geometry.ts";
import type { Tensor } from "../../../core/tensors.ts";
import type { PooledBuffer } from "../buffers.ts";
import type { Gpu, Operand } from "../gpu.ts";
import type { ProgramSource } from "../programs.ts";

/** A device and the tiles that suit it. */
export interface ProductDevice {
  readonly gpu: Gpu;
  readonly tiles: TileChoice;
}

/** What is done to the sums of a convolution, in this order. */
export interface Epilogue {
  /** [columns], or [images, columns] for a bias per image. */
  readonly bias?: Tensor | undefined;
  /** Added; the output's shape. */
  readonly residual?: Operand | undefined;
  /** ReLU, or 0 where a tensor of the output's shape is not positive. */
  readonly activation?: "relu" | { readonly mask: Operand } | undefined;
}

/**
 * Steps of {@link STEP_TERMS} terms, and pixels of a sum, that a thread may take: llvmpipe ends all loops of a
 * thread after 65,535 iterations, and a step has five.
 */
export const MOST_STEPS = 12_000;
const MOST_PIXELS = 2 ** 16;

/** Most pixels of an image whose sum takes one dispatch: four threads share them. */
const MOST_IMAGE_PIXELS = 4 * MOST_PIXELS - 4;

/** Most numbers of an operand: indices are signed. */
export const MOST_NUMBERS = 2 ** 31 - 1;

/** The part of a convolution's sums that does not depend on its direction. */
interface Direction {
  readonly kind: "values" | "inputGradient";
  /** Images, rows, columns and channels of what is read and of what is written. */
  readonly source: Geometry["input"];
  readonly target: Geometry["input"];
}

function directionOf(kind: Direction["kind"], { input, output }: Geometry): Direction {
  return kind === "values"
    ? { kind, source: input, target: output }
    : { kind, source: output, target: input };
}

/** Whether an input gradient is of a convolution with a stride. */
const isSpread = (kind: Direction["kind"], { strides }: Geometry) =>
  kind === "inputGradient" && strides[0] > 1;

const isSameSize = ({ input, output }: Geometry) =>
  input[1] === output[1] && input[2] === output[2];

/** Whether the channels that are summed over can be read in quads. */
function readsQuads(kind: Direction["kind"], geometry: Geometry): boolean {
  const [, , , channels] = directionOf(kind, geometry).source;
  return channels % 4 === 0 && hasTapBits(kind, geometry);
}

/** Whether each tap of a row can have a bit. */
function hasTapBits(kind: Direction["kind"], geometry: Geometry): boolean {
  const taps = geometry.kernel[0] * geometry.kernel[1];
  return !isSpread(kind, geometry) && taps <= MOST_BIT_TAPS;
}

/** Steps of the sums of a convolution or its input gradient. */
export function gatherSteps(kind: Direction["kind"], geometry: Geometry): number {
  const [, , , channels] = directionOf(kind, geometry).source;
  const taps = geometry.kernel[0] * geometry.kernel[1];
  return readsQuads(kind, geometry)
    ? taps * Math.ceil(channels / STEP_TERMS)
    : Math.ceil(taps * channels / STEP_TERMS);
}

/** The program of a convolution or its input gradient. */
export function gatherProgram(
  tiles: TileChoice,
  kind: Direction["kind"],
  { geometry, epilogue }: { readonly geometry: Geometry; readonly epilogue: GatherEpilogue },
): ProgramSource {
  const { source: [, , , channels], target: [, , , columns] } = directionOf(kind, geometry);
  const tile = tiles(columns, channels);
  const { bias, hasResidual, activation } = epilogue;
  return {
    name: kind === "values" ? "convolution" : "convolution, input gradient",
    code: gatherShader({
      ...{ tile, kind },
      isSpread: isSpread(kind, geometry),
      wideChannels: readsQuads(kind, geometry) && tile.hasVariants,
      hasTapBits: hasTapBits(kind, geometry) && tile.hasVariants,
      wideColumns: tile.hasVariants && columns % 4 === 0,
      isAligned: tile.hasVariants && isSameSize(geometry),
      epilogue: tile.hasVariants ? { bias, hasResidual, activation } : null,
    }),
    bindings: ["uniform", "read", "read", "read", "read", "read", "readWrite"],
    threads: PRODUCT_THREADS,
    workgroupBytes: tileBytes(tile),
  };
}

/**
 * Records a convolution, or its gradient with respect to the images.
 *
 * @param kind `values` reads images and writes outputs of the geometry, `inputGradient` the reverse.
 * @param operands.source, operands.out Images, or cotangents of the outputs, and what is written.
 */
export function recordGather(
  { gpu, tiles }: ProductDevice,
  { kind, geometry, source, filter, out, epilogue = {} }: {
    readonly kind: "values" | "inputGradient";
    readonly geometry: Geometry;
    readonly source: Operand;
    readonly filter: Operand;
    readonly out: Operand;
    readonly epilogue?: Epilogue;
  },
): void {
  const { kernel, strides, pads } = geometry;
  const { source: [, sourceHeight, sourceWidth, channels], target } = directionOf(kind, geometry);
  const [images, height, width, columns] = target;
  const { bias, residual, activation } = epilogue;
  const rows = images * height * width, tile = tiles(columns, channels);
  const columnTiles = Math.ceil(columns / tile.columns);
  const workgroups = Math.ceil(rows / tile.rows) * columnTiles;
  const sign = kind === "values" ? -1 : 1;
  const job: GatherJob = {
    ...{ workgroups, columnTiles, rows, columns, channels },
    ...{ kernelHeight: kernel[0], kernelWidth: kernel[1] },
    ...{ sourceHeight, sourceWidth, height, width },
    scale: kind === "values" ? strides[0] : 1,
    offsetY: sign * pads[0],
    offsetX: sign * pads[1],
    direction: -sign,
    spread: kind === "values" ? 0 : Math.log2(strides[0]),
    bias: bias === undefined
      ? biasKinds.none
      : bias.shape.length === 1
      ? biasKinds.perChannel
      : biasKinds.perImage,
    hasResidual: residual === undefined ? 0 : 1,
    activation: activation === undefined
      ? activations.linear
      : activation === "relu"
      ? activations.relu
      : activations.mask,
  };
  const mask = typeof activation === "object" ? activation.mask : source;
  using numbers = gpu.upload(Int32Array.from(gatherJob, (name) => job[name]));
  gpu.record(
    gpu.program(gatherProgram(tiles, kind, { geometry, epilogue: job })),
    [numbers, source, filter, bias ?? filter, residual ?? source, mask, out],
    workgroups,
  );
}

/** Workgroups of a filter gradient that keep a device busy. */
const WANTED_WORKGROUPS = 512;
/** Fewer pixels per part are not worth their partial sums. */
const LEAST_PIXELS = 256;
/** Tile by which the number of parts is chosen, so that it depends on the shapes alone. */
const PART_TILE = 64;

/** How a sum over pixels is cut: a function of shapes alone, for the sum's bits. */
export function pixelParts(pixels: number, rows: number, columns: number) {
  const tiles = Math.ceil(rows / PART_TILE) * Math.ceil(columns / PART_TILE);
  const wanted = Math.ceil(WANTED_WORKGROUPS / tiles);
  const parts = Math.max(
    Math.ceil(pixels / MOST_PIXELS),
    Math.min(wanted, Math.floor(pixels / LEAST_PIXELS)),
  );
  const pixelsPerPart = PLACED_PIXELS * Math.ceil(pixels / parts / PLACED_PIXELS);
  return { parts: Math.ceil(pixels / pixelsPerPart), pixelsPerPart };
}

/** The program of a filter gradient. */
export function filterGradientProgram(
  tiles: TileChoice,
  { input, output }: Geometry,
): ProgramSource {
  const tile = tiles(output[3]);
  return {
    name: "convolution, filter gradient",
    code: filterGradientShader({
      tile,
      wideChannels: tile.hasVariants && input[3] % 4 === 0,
      wideColumns: tile.hasVariants && output[3] % 4 === 0,
    }),
    bindings: ["uniform", "read", "read", "readWrite"],
    threads: PRODUCT_THREADS,
    workgroupBytes: filterGradientBytes(tile),
  };
}

const addPartsProgram: ProgramSource = {
  name: "sum of parts",
  code: addPartsShader,
  bindings: ["uniform", "read", "readWrite", "readWrite"],
  threads: SUM_THREADS,
  workgroupBytes: 4 * SUM_THREADS,
};

/** Records sums of `parts` partial sums; the numbers after the first ones go to `rest`. */
function recordAddParts(
  { gpu }: ProductDevice,
  { partial, parts, first, out, rest }: {
    readonly partial: PooledBuffer;
    readonly parts: number;
    /** Numbers of `out`. */
    readonly first: number;
    readonly out: Operand;
    readonly rest: Operand | null;
  },
): void {
  const count = partial.bytes / 4 / parts;
  using spare = rest === null ? gpu.scratch(4 * Math.max(1, count - first)) : null;
  using numbers = gpu.upload(Uint32Array.of(count, first, parts));
  const operands = [numbers, partial, out, rest ?? spare!];
  gpu.record(gpu.program(addPartsProgram), operands, Math.ceil(count / SUMS_PER_WORKGROUP));
}

/** Records the gradient of a convolution with respect to its filter, and to its bias if it is wanted. */
export function recordFilterGradient(
  device: ProductDevice,
  { geometry, x, dy, dFilter, dBias }: {
    readonly geometry: Geometry;
    readonly x: Operand;
    readonly dy: Operand;
    /** Written; the filter's numbers. */
    readonly dFilter: Tensor;
    /** Written; [columns]. */
    readonly dBias: Tensor | null;
  },
): void {
  const { gpu } = device;
  const { input, output, kernel, strides, pads } = geometry;
  const [, sourceHeight, sourceWidth, channels] = input;
  const [images, height, width, columns] = output;
  const rows = kernel[0] * kernel[1] * channels, pixels = images * height * width;
  const { parts, pixelsPerPart } = pixelParts(pixels, rows, columns);
  const tile = device.tiles(columns);
  const columnTiles = Math.ceil(columns / tile.columns);
  const tilesPerPart = Math.ceil(rows / tile.rows) * columnTiles;
  const job: FilterGradientJob = {
    workgroups: parts * tilesPerPart,
    ...{ tiles: tilesPerPart, columnTiles, rows, columns, channels },
    kernelWidth: kernel[1],
    ...{ sourceHeight, sourceWidth, height, width, scale: strides[0] },
    ...{ offsetY: -pads[0], offsetX: -pads[1], pixels, pixelsPerPart },
    hasBias: dBias === null ? 0 : 1,
  };
  const isWhole = parts === 1 && dBias === null;
  using partial = isWhole ? null : gpu.scratch(4 * parts * (rows + job.hasBias) * columns);
  using numbers = gpu.upload(Int32Array.from(filterGradientJob, (name) => job[name]));
  const program = gpu.program(filterGradientProgram(device.tiles, geometry));
  gpu.record(program, [numbers, x, dy, partial ?? dFilter], job.workgroups);
  if (partial === null) return;
  recordAddParts(device, { partial, parts, first: rows * columns, out: dFilter, rest: dBias });
}

const pixelSumsProgram: ProgramSource = {
  name: "sums over pixels",
  code: pixelSumsShader,
  bindings: ["uniform", "read", "read", "readWrite", "readWrite"],
  threads: SUM_THREADS,
  workgroupBytes: 4 * SUM_THREADS,
};

/**
 * Records sums over pixels, of each image or of all, of a cotangent [images, h, w, c].
 *
 * @param operands.mask If given, the cotangent is 0 where it is not positive, and `masked` is written.
 * @param operands.sums Written; [images, c] or [c].
 */
export function recordPixelSums(
  device: ProductDevice,
  { shape: [images, h, w, channels], cotangent, relu, sums, perImage }: {
    readonly shape: Geometry["input"];
    readonly cotangent: Operand;
    readonly relu: { readonly mask: Operand; readonly masked: Operand } | null;
    readonly sums: Operand;
    readonly perImage: boolean;
  },
): void {
  const { gpu } = device;
  const [count, area] = perImage ? [images, h * w] : [1, images * h * w];
  const { parts, pixelsPerPart } = perImage && area <= MOST_IMAGE_PIXELS
    ? { parts: 1, pixelsPerPart: area }
    : pixelParts(area, count, channels);
  const groups = Math.ceil(channels / SUMS_PER_WORKGROUP), workgroups = count * parts * groups;
  const isMasked = relu === null ? 0 : 1;
  using partial = parts === 1 ? null : gpu.scratch(4 * parts * count * channels);
  using unused = relu === null ? gpu.scratch(4) : null;
  using numbers = gpu.upload(
    Uint32Array.of(workgroups, groups, channels, count, area, parts, pixelsPerPart, isMasked),
  );
  const operands = [numbers, cotangent, relu?.mask ?? cotangent, relu?.masked ?? unused!];
  gpu.record(gpu.program(pixelSumsProgram), [...operands, partial ?? sums], workgroups);
  if (partial === null) return;
  recordAddParts(device, { partial, parts, first: count * channels, out: sums, rest: null });
}
