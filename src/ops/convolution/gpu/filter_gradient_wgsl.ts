import { gridMain } from "../../wgsl/grid.ts";
import { lines } from "../../wgsl/lines.ts";
import {
  addProducts,
  allOf,
  byBlocks,
  columnQuad,
  finishSums,
  jobStruct,
  oncePerVariant,
  PRODUCT_THREADS,
  type ProductTile,
  quadOf,
  QUADS,
  STEP_TERMS,
  sumDeclarations,
  tileBytes,
  tileDeclarations,
} from "./tile_wgsl.ts";

/** What a filter gradient's shader is made for. */
export interface FilterGradientVariant {
  readonly tile: ProductTile;
  /** Whether the channels of the images, and those of the cotangent, are a multiple of four. */
  readonly wideChannels: boolean;
  readonly wideColumns: boolean;
}

/** The uniform of {@link filterGradientShader}, in this order; all 32-bit. */
export const filterGradientJob = [
  "workgroups",
  "tiles",
  "columnTiles",
  "rows",
  "columns",
  "channels",
  "kernelWidth",
  "sourceHeight",
  "sourceWidth",
  "height",
  "width",
  "scale",
  "offsetY",
  "offsetX",
  "pixels",
  "pixelsPerPart",
  "hasBias",
] as const;

/** Numbers of a job by name. */
export type FilterGradientJob = Readonly<Record<typeof filterGradientJob[number], number>>;

const signed = new Set(["scale", "offsetY", "offsetX", "sourceHeight", "sourceWidth"]);

/** Pixels whose places in the source are found at once, one per thread. */
export const PLACED_PIXELS = PRODUCT_THREADS;

/** Bytes of workgroup memory. */
export function filterGradientBytes(tile: ProductTile): number {
  return tileBytes(tile) + 16 * PLACED_PIXELS + 4 * tile.columns;
}

/**
 * Gradient of a convolution with respect to filter and bias, in parts of the pixels:
 *
 *   partial[part, (i, j, c), column] = sum over the part's pixels (image, y, x) of
 *     source[image, scale y + offsetY + i, scale x + offsetX + j, c] cotangent[image, y, x, column]
 *   partial[part, rows, column] = sum over the part's pixels of cotangent[image, y, x, column], if hasBias is 1, not 0
 *
 *   0  uniform     job        filterGradientJob; rows = kh x kw x channels
 *   1  read        source     [images, sourceHeight, sourceWidth, channels]
 *   2  read        cotangent  [images, height, width, columns]
 *   3  read_write  partial    [parts, rows + hasBias, columns]
 */
export const filterGradientShader = oncePerVariant((
  { tile, wideChannels, wideColumns }: FilterGradientVariant,
): string => {
  const columnType = wideColumns ? "vec4f" : "f32";
  return `
${jobStruct(filterGradientJob, signed)}
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> source: array<${wideChannels ? "vec4f" : "f32"}>;
@group(0) @binding(2) var<storage, read> cotangent: array<${columnType}>;
@group(0) @binding(3) var<storage, read_write> partial: array<${columnType}>;
${tileDeclarations(tile)}
var<workgroup> places: array<array<vec4i, 4>, ${PLACED_PIXELS / 4}>;
var<workgroup> columnSums: array<f32, ${tile.columns}>;
var<private> firstNumber: u32;

fn finish(row: u32, column: u32, sum: vec4f) {
  if (row >= job.rows || column >= job.columns) { return; }
${store("row * job.columns + column", "sum", wideColumns)}
}

${gridMain(PRODUCT_THREADS)}
  if (workgroup >= job.workgroups) { return; }
  let part = workgroup / job.tiles;
  let inPart = workgroup % job.tiles;
  let firstRow = inPart / job.columnTiles * ${tile.rows}u;
  let firstColumn = inPart % job.columnTiles * ${tile.columns}u;
  let columns = job.columns;
  let channels = job.channels;
  let sourceHeight = u32(job.sourceHeight);
  let sourceWidth = u32(job.sourceWidth);
  let end = min(job.pixels, (part + 1u) * job.pixelsPerPart);
  firstNumber = part * (job.rows + job.hasBias) * columns;
${sumDeclarations(tile)}
  var columnSum = 0.0;
  let rowQuad = lid % ${tile.rows / 4}u;
  let rowTerms = lid / ${tile.rows / 4}u;
  let columnQuad = lid % ${tile.columns / 4}u;
  let columnTerms = lid / ${tile.columns / 4}u;
  let column = firstColumn + 4u * columnQuad;
${wideChannels ? rowDeclarations(0) : lines(4, rowDeclarations)}
  for (var first = part * job.pixelsPerPart; first < end; first += ${PLACED_PIXELS}u) {
    {
      let pixel = first + lid;
      let line = pixel / job.width;
      let x = i32(pixel % job.width) * job.scale + job.offsetX;
      let y = i32(line % job.height) * job.scale + job.offsetY;
      let base = ((i32(line / job.height) * job.sourceHeight + y) * job.sourceWidth + x) * i32(channels);
      // A pixel beyond the last is far above the source.
      places[lid / 4u][lid % 4u] = vec4i(base, select(-0x1000000, y, pixel < end), x, 0);
    }
    workgroupBarrier();
    for (var step = 0u; step < ${PLACED_PIXELS / STEP_TERMS}u; step++) {
${
    byBlocks(
      tile.rows,
      lines(4, (e) => `
      {
        let at = places[${QUADS}u * step + rowTerms][${e}];
        ${quadOf(tile, "a", { quad: "rowQuad", terms: "rowTerms", term: e })} = ${
        wideChannels ? sourceQuad : `vec4f(${[0, 1, 2, 3].map(sourceNumber).join(", ")})`
      };
      }`),
    )
  }
${
    byBlocks(
      tile.columns,
      lines(4, (e) => `
      {
        let pixel = first + ${STEP_TERMS}u * step + 4u * columnTerms + ${e}u;
        ${quadOf(tile, "b", { quad: "columnQuad", terms: "columnTerms", term: e })} = ${
        columnQuad("cotangent", { isWide: wideColumns, row: "pixel", isInside: "pixel < end" })
      };
      }`),
    )
  }
    workgroupBarrier();
${addProducts(tile)}
    if (firstRow == 0u && lid < ${tile.columns}u) {
      for (var quad = 0u; quad < ${QUADS}u; quad++) {
${lines(4, (e) => `        columnSum += ${columnNumber(tile, e)};`)}
      }
    }
    workgroupBarrier();
    }
  }
${finishSums(tile)}
  if (lid < ${tile.columns}u) { columnSums[lid] = columnSum; }
  workgroupBarrier();
  let storesBias = job.hasBias != 0u && firstRow == 0u;
  if (storesBias && lid < ${tile.columns / 4}u && firstColumn + 4u * lid < columns) {
    let column = firstColumn + 4u * lid;
    let sum = vec4f(${[0, 1, 2, 3].map((i) => `columnSums[4u * lid + ${i}u]`).join(", ")});
${store("job.rows * columns + column", "sum", wideColumns)}
  }
}
`;
});

/** A thread's number at term 4 quad + e of its column of the second factor. */
function columnNumber({ threadColumns }: ProductTile, e: number): string {
  return `b[lid / ${threadColumns}u].quads[quad][${e}][lid % ${threadColumns}u / 4u][lid % 4u]`;
}

/** Tap and channel of row `4 rowQuad + i` of the filter. */
function rowDeclarations(i: number): string {
  return `
  let row${i} = firstRow + 4u * rowQuad + ${i}u;
  let channel${i} = row${i} % channels;
  let tap${i} = row${i} / channels;
  let tapX${i} = i32(tap${i} % job.kernelWidth);
  let tapY${i} = select(-0x1000000, i32(tap${i} / job.kernelWidth), row${i} < job.rows);
  let tapOffset${i} = (tapY${i} * job.sourceWidth + tapX${i}) * i32(channels) + i32(channel${i});`;
}

const isInside = (i: number) =>
  allOf(`u32(at.y + tapY${i}) < sourceHeight`, `u32(at.z + tapX${i}) < sourceWidth`);

const sourceQuad = `select(vec4f(), source[u32(at.x + tapOffset0) / 4u], ${isInside(0)})`;

const sourceNumber = (i: number) =>
  `select(0.0, source[u32(at.x + tapOffset${i})], ${isInside(i)})`;

/** WGSL that stores four numbers of a row that begins at `column`, those that exist. */
function store(at: string, sum: string, wideColumns: boolean): string {
  if (wideColumns) return `  partial[(firstNumber + ${at}) / 4u] = ${sum};`;
  return lines(
    4,
    (i) =>
      `  if (column + ${i}u < job.columns) { partial[firstNumber + ${at} + ${i}u] = ${sum}[${i}]; }`,
  );
}
