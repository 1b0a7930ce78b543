import { lines } from "../../wgsl/lines.ts";

/**
 * Tiles of a matrix product: a workgroup of {@link PRODUCT_THREADS} has `rows` x `columns` sums and a thread
 * `threadRows` x `threadColumns` of them, all multiples of four. Every tile adds the terms of a sum in the same
 * order, so results do not depend on it.
 */
export interface ProductTile {
  readonly rows: number;
  readonly columns: number;
  readonly threadRows: number;
  readonly threadColumns: number;
  /** Whether a step's {@link STEP_TERMS} terms stand one after another: fast on GPUs, slow to compile. */
  readonly isUnrolled: boolean;
  /**
   * Whether there are shaders of their own for channels in multiples of four, which are loaded in quads, and for each
   * way to finish a sum.
   */
  readonly hasVariants: boolean;
}

/** Threads per workgroup of every tile. */
export const PRODUCT_THREADS = 64;

/** Terms of each sum between two barriers. */
export const STEP_TERMS = 16;

/** For GPUs: 64 sums per thread, for which four loads of four numbers feed 64 multiply-adds. */
export const gpuTile: ProductTile = {
  ...{ rows: 64, columns: 64, threadRows: 8, threadColumns: 8 },
  ...{ isUnrolled: true, hasVariants: true },
};

/** For GPUs and few columns, such as an image's channels. */
export const narrowTile: ProductTile = {
  ...{ rows: 64, columns: 16, threadRows: 4, threadColumns: 4 },
  ...{ isUnrolled: true, hasVariants: true },
};

/**
 * For GPUs and fewer than four channels, such as an image's: places of terms one by one take registers that 64 sums
 * leave no room for, and memory bounds these products.
 */
export const fewChannelsTile: ProductTile = {
  ...{ rows: 64, columns: 32, threadRows: 8, threadColumns: 4 },
  ...{ isUnrolled: true, hasVariants: true },
};

/** For software adapters, which compile a shader for seconds. */
export const softwareTile: ProductTile = {
  ...{ rows: 32, columns: 32, threadRows: 4, threadColumns: 4 },
  ...{ isUnrolled: false, hasVariants: false },
};

/** The tile of a product by its columns, and by the channels that are summed over if they are gathered. */
export type TileChoice = (columns: number, channels?: number) => ProductTile;

export const gpuTiles: TileChoice = (columns, channels = Infinity) =>
  columns <= narrowTile.columns ? narrowTile : channels < 4 ? fewChannelsTile : gpuTile;
export const softwareTiles: TileChoice = () => softwareTile;

/** `make`, whose results are kept: a shader is 20 kB of text, asked for at each dispatch. */
export function oncePerVariant<Variant>(
  make: (variant: Variant) => string,
): (variant: Variant) => string {
  const made = new Map<string, string>();
  return (variant) => {
    const key = JSON.stringify(variant);
    const code = made.get(key) ?? make(variant);
    made.set(key, code);
    return code;
  };
}

/** WGSL that is true if all conditions are, without the branches of `&&`: a browser's driver took minutes. */
export const allOf = (...conditions: readonly string[]): string =>
  `(${conditions.map((one) => `(${one})`).join(" & ")})`;

/** The struct of a job of 32-bit numbers, of which those in `signed` may be below zero. */
export const jobStruct = (names: readonly string[], signed?: ReadonlySet<string>): string =>
  `struct Job { ${
    names.map((name) => `${name}: ${signed?.has(name) ? "i32" : "u32"}`).join(", ")
  } }`;

/**
 * The four columns from `column` on of a row of a matrix of `columns` columns, zeros outside.
 *
 * @param isWide Whether the matrix is an array of vec4f.
 */
export function columnQuad(
  matrix: string,
  { isWide, row, isInside }: {
    readonly isWide: boolean;
    readonly row: string;
    readonly isInside: string;
  },
): string {
  if (isWide) {
    const isThere = allOf(isInside, "column < columns");
    return `select(vec4f(), ${matrix}[(${row}) * (columns / 4u) + column / 4u], ${isThere})`;
  }
  const values = [0, 1, 2, 3].map((i) =>
    `select(0.0, ${matrix}[(${row}) * columns + column + ${i}u], ${
      allOf(isInside, `column + ${i}u < columns`)
    })`
  );
  return `vec4f(${values.join(", ")})`;
}

/** Quads of terms per step. */
export const QUADS = STEP_TERMS / 4;

const letters = ["x", "y", "z", "w"] as const;

/** A component of a vec4f. */
export const component = (i: number): string => letters[i]!;

/** One factor's part of a step in workgroup memory. */
interface Factor {
  readonly name: "a" | "b";
  /** Its rows (of a) or columns (of b) per workgroup and per thread. */
  readonly extent: number;
  readonly perThread: number;
}

const factors = (tile: ProductTile): readonly Factor[] => [
  { name: "a", extent: tile.rows, perThread: tile.threadRows },
  { name: "b", extent: tile.columns, perThread: tile.threadColumns },
];

/** Bytes of a thread's rows or columns in a step, with one vector that spreads them over memory banks. */
const panelBytes = ({ perThread }: Factor): number => 16 * (STEP_TERMS * perThread / 4 + 1);

/** Bytes of workgroup memory of {@link tileDeclarations}. */
export function tileBytes(tile: ProductTile): number {
  return factors(tile).reduce(
    (sum, factor) => sum + factor.extent / factor.perThread * panelBytes(factor),
    0,
  );
}

/**
 * Workgroup memory of both factors. naga clamps every index that it does not know, so a thread's rows or
 * columns of all terms are one struct: one clamp finds all of them.
 */
export function tileDeclarations(tile: ProductTile): string {
  return factors(tile).map(({ name, extent, perThread }) => `
struct Panel_${name} { quads: array<array<array<vec4f, ${
    perThread / 4
  }>, 4>, ${QUADS}>, pad: vec4f }
var<workgroup> ${name}: array<Panel_${name}, ${extent / perThread}>;`).join("");
}

/** The quad of rows or columns `quad` at term 4 `terms` + `term`, as an expression to assign to. */
export function quadOf(
  tile: ProductTile,
  name: "a" | "b",
  { quad, terms, term }: {
    readonly quad: string;
    readonly terms: string;
    readonly term: number;
  },
): string {
  const quads = (name === "a" ? tile.threadRows : tile.threadColumns) / 4;
  return `${name}[${quad} / ${quads}u].quads[${terms}][${term}][${quad} % ${quads}u]`;
}

/** Declares a thread's sums, at zero. */
export function sumDeclarations(tile: ProductTile): string {
  return lines(
    tile.threadRows,
    (r) => lines(tile.threadColumns / 4, (h) => `  var sum_${r}_${h} = vec4f();`),
  );
}

/**
 * Declares a thread's place in the tile. Where it is used: declared once, before the steps, its two registers would be
 * taken in all of them.
 */
function placeInTile(tile: ProductTile): string {
  const across = tile.columns / tile.threadColumns;
  return `
    let threadRow = lid / ${across}u;
    let threadColumn = lid % ${across}u;`;
}

/** Adds the products of the step in workgroup memory to a thread's sums. */
export function addProducts(tile: ProductTile): string {
  const term = (quad: string) => (e: number) => `
    {
${
    lines(
      tile.threadRows / 4,
      (i) => `      let a${i} = a[threadRow].quads[${quad}][${e}][${i}];`,
    )
  }
${
    lines(
      tile.threadColumns / 4,
      (i) => `      let b${i} = b[threadColumn].quads[${quad}][${e}][${i}];`,
    )
  }
${
    lines(tile.threadRows, (r) =>
      lines(tile.threadColumns / 4, (h) =>
        `      sum_${r}_${h} = fma(vec4f(a${Math.floor(r / 4)}.${
          component(r % 4)
        }), b${h}, sum_${r}_${h});`))
  }
    }`;
  const products = tile.isUnrolled
    ? lines(QUADS, (quad) => lines(4, term(`${quad}`)))
    : `    for (var quad = 0u; quad < ${QUADS}u; quad++) {${lines(4, term("quad"))}\n    }`;
  return `    {${placeInTile(tile)}\n${products}\n    }`;
}

/** Calls `finish(row, column, sums of four columns)` for all of a thread's sums. */
export function finishSums(tile: ProductTile): string {
  const finish = lines(tile.threadRows, (r) =>
    lines(tile.threadColumns / 4, (h) => {
      const row = `firstRow + ${tile.threadRows}u * threadRow + ${r}u`;
      const column = `firstColumn + ${tile.threadColumns}u * threadColumn + ${4 * h}u`;
      return `    finish(${row}, ${column}, sum_${r}_${h});`;
    }));
  return `  {${placeInTile(tile)}\n${finish}\n  }`;
}

/** Workgroup memory in which each of `blocks` threads of a workgroup writes 4 x 4 numbers. */
export function byBlocks(blocks: number, code: string): string {
  return blocks < PRODUCT_THREADS
    ? `    if (lid < ${blocks}u) {\n${code}\n    }`
    : `    {\n${code}\n    }`;
}
