import { gridMain } from "../../wgsl/grid.ts";
import { lines } from "../../wgsl/lines.ts";
import {
  addProducts,
  allOf,
  byBlocks,
  component,
  finishSums,
  jobStruct,
  oncePerVariant,
  PRODUCT_THREADS,
  type ProductTile,
  quadOf,
  QUADS,
  STEP_TERMS,
  sumDeclarations,
  tileDeclarations,
} from "./tile_wgsl.ts";

/** What a convolution's shader is made for. */
export interface GatherVariant {
  readonly tile: ProductTile;
  /** The convolution, or its gradient with respect to the images. */
  readonly kind: "values" | "inputGradient";
  /** Whether an input gradient is of a convolution with a stride; then channels are read one by one. */
  readonly isSpread: boolean;
  /** Whether the channels that are summed over are read in quads: a multiple of four, {@link MOST_BIT_TAPS}. */
  readonly wideChannels: boolean;
  /** Whether a row's taps inside the source are kept as bits; always with wide channels, never with `isSpread`. */
  readonly hasTapBits: boolean;
  /** Whether columns are a multiple of four. */
  readonly wideColumns: boolean;
  /** Whether source and output have the same pixels: one place stands for those of a thread's four rows. */
  readonly isAligned: boolean;
  /** What is done to the sums; null if the job says so, for fewer shaders. */
  readonly epilogue: GatherEpilogue | null;
}

/** The uniform of {@link gatherShader}, in this order; all 32-bit. */
export const gatherJob = [
  "workgroups",
  "columnTiles",
  "rows",
  "columns",
  "channels",
  "kernelHeight",
  "kernelWidth",
  "sourceHeight",
  "sourceWidth",
  "height",
  "width",
  "scale",
  "offsetY",
  "offsetX",
  "direction",
  "spread",
  "bias",
  "hasResidual",
  "activation",
] as const;

/** Numbers of a job by name. */
export type GatherJob = Readonly<Record<typeof gatherJob[number], number>>;

/** What is done to the sums of a product, as numbers of the job. */
export type GatherEpilogue = Pick<GatherJob, "bias" | "hasResidual" | "activation">;

const signed = new Set(["scale", "offsetY", "offsetX", "direction", "sourceHeight", "sourceWidth"]);

/** Values of the job's `bias` and `activation`. */
export const biasKinds = { none: 0, perChannel: 1, perImage: 2 } as const;
export const activations = { linear: 0, relu: 1, mask: 2 } as const;

/**
 * A convolution as a matrix product whose first factor is gathered from the images (implicit GEMM):
 *
 *   out[(image, y, x), column] = sum over taps (i, j) and channels c of
 *     source[image, scale y + offsetY + direction i, scale x + offsetX + direction j, c] filter(i, j, c, column)
 *
 * then bias, residual and activation. With direction -1 and the filter's last two axes exchanged it is the
 * gradient with respect to the images; with a stride s, `spread` is log2(s), source rows that are no multiple
 * of s are zero and others stand at a quotient.
 *
 *   0  uniform     job       gatherJob
 *   1  read        source    [images, sourceHeight, sourceWidth, channels]
 *   2  read        filter    [kh, kw, channels, columns]; of an input gradient [kh, kw, columns, channels]
 *   3  read        bias      [columns] or [images, columns]
 *   4  read        residual  [rows, columns]
 *   5  read        mask      [rows, columns]: the sum stays where it is positive, else 0
 *   6  read_write  out       [rows, columns], rows = images x height x width
 *
 * Absent operands may be anything.
 */
export const gatherShader = oncePerVariant((variant: GatherVariant): string => {
  const { tile, wideChannels, wideColumns } = variant;
  const channelType = wideChannels ? "vec4f" : "f32";
  const columnType = wideColumns ? "vec4f" : "f32";
  const filterType = variant.kind === "values" ? columnType : channelType;
  return `
${jobStruct(gatherJob, signed)}
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> source: array<${channelType}>;
@group(0) @binding(2) var<storage, read> kernel: array<${filterType}>;
@group(0) @binding(3) var<storage, read> bias: array<${columnType}>;
@group(0) @binding(4) var<storage, read> residual: array<${columnType}>;
@group(0) @binding(5) var<storage, read> mask: array<${columnType}>;
@group(0) @binding(6) var<storage, read_write> out: array<${columnType}>;
${tileDeclarations(tile)}
${finish(variant)}
${gridMain(PRODUCT_THREADS)}
  if (workgroup >= job.workgroups) { return; }
  let firstRow = workgroup / job.columnTiles * ${tile.rows}u;
  let firstColumn = workgroup % job.columnTiles * ${tile.columns}u;
  let channels = job.channels;
  let columns = job.columns;
  let sourceHeight = u32(job.sourceHeight);
  let sourceWidth = u32(job.sourceWidth);
${sumDeclarations(tile)}
  let rowQuad = lid / ${QUADS}u;
  let terms = lid % ${QUADS}u;
${lines(4, (r) => rowOf(variant, r))}
${variant.kind === "values" ? columnsOfValues(tile) : columnsOfGradient}
${wideChannels ? quadLoop(variant) : flatLoop(variant)}
${finishSums(tile)}
}
`;
});

/** Where row `4 rowQuad + r` begins in the source. A row beyond the last is far above it. */
function rowOf({ isSpread }: GatherVariant, r: number): string {
  return `
  let row${r} = firstRow + 4u * rowQuad + ${r}u;
  let pixel${r} = row${r} / job.width;
  let image${r} = i32(pixel${r} / job.height);
  let x${r} = i32(row${r} % job.width) * job.scale + job.offsetX;
  let y${r} = select(-0x1000000, i32(pixel${r} % job.height) * job.scale + job.offsetY, row${r} < job.rows);${
    isSpread ? "" : `
  let base${r} = ((image${r} * job.sourceHeight + y${r}) * job.sourceWidth + x${r}) * i32(channels);`
  }`;
}

function columnsOfValues({ columns }: ProductTile): string {
  return `
  let columnQuad = lid % ${columns / 4}u;
  let filterTerms = lid / ${columns / 4}u;
  let column = firstColumn + 4u * columnQuad;`;
}

/** The four columns of a block are neighbours, so that it is stored by columns after a transposition. */
const columnsOfGradient = `
  let columnQuad = lid / ${QUADS}u;
  let column = firstColumn + 4u * columnQuad;`;

/** Whether row `r` is inside the source at a tap. */
const placeOf = (r: number, { dy, dx }: Readonly<Record<"dy" | "dx", string>>) =>
  allOf(`u32(y${r} + ${dy}) < sourceHeight`, `u32(x${r} + ${dx}) < sourceWidth`);

/** Row `r` at term `e`: whether it is inside the source, and its index there. */
function place({ isSpread, isAligned, hasTapBits }: GatherVariant, r: number, e: number) {
  const dy = `dy${e}`, dx = `dx${e}`;
  if (!isSpread) {
    return {
      inside: hasTapBits ? `(inside${r} & bit${e}) != 0u` : placeOf(r, { dy, dx }),
      // In this order: compilers would make one product of the base and the row.
      index: isAligned ? `base0 + offset${e} + ${r} * i32(channels)` : `base${r} + offset${e}`,
    };
  }
  const at = (axis: string, tap: string) => `(${axis}${r} + ${tap})`;
  const [y, x] = [at("y", dy), at("x", dx)];
  return {
    inside: allOf(
      `((${y} | ${x}) & ((1 << job.spread) - 1)) == 0`,
      `u32(${y} >> job.spread) < sourceHeight`,
      `u32(${x} >> job.spread) < sourceWidth`,
    ),
    index: `(((image${r} * job.sourceHeight + (${y} >> job.spread)) * job.sourceWidth + ` +
      `(${x} >> job.spread)) * i32(channels)) + i32(channel${e})`,
  };
}

const storeA = (tile: ProductTile) =>
  lines(4, (e) => {
    const at = quadOf(tile, "a", { quad: "rowQuad", terms: "terms", term: e });
    const values = [0, 1, 2, 3].map((r) => `v${r}.${component(e)}`).join(", ");
    return `      ${at} = vec4f(${values});`;
  });

const storeB = (tile: ProductTile, { terms, isTransposed }: {
  readonly terms: string;
  readonly isTransposed: boolean;
}) =>
  lines(4, (e) => {
    const at = quadOf(tile, "b", { quad: "columnQuad", terms, term: e });
    const values = [0, 1, 2, 3].map((i) => `w${i}.${component(e)}`).join(", ");
    return `      ${at} = ${isTransposed ? `vec4f(${values})` : `w${e}`};`;
  });

const step = (tile: ProductTile) => `
    workgroupBarrier();
${addProducts(tile)}
    workgroupBarrier();`;

/** Most taps of a filter that has a bit for each. */
export const MOST_BIT_TAPS = 32;

/**
 * Declares `inside0` to `inside3`: a row's taps inside the source are the bits of one number. Places of four rows
 * would take eight registers more, and four operations at each term.
 */
const tapBits = `
${lines(4, (r) => `  var inside${r} = 0u;`)}
  {
    var bit = 1u;
    for (var tapY = 0; tapY < i32(job.kernelHeight); tapY++) {
      for (var tapX = 0; tapX < i32(job.kernelWidth); tapX++) {
        let dy = job.direction * tapY;
        let dx = job.direction * tapX;
${
  lines(
    4,
    (r) => `        inside${r} |= select(0u, bit, ${placeOf(r, { dy: "dy", dx: "dx" })});`,
  )
}
        bit <<= 1u;
      }
    }
  }`;

/** Taps one after another, and in each the channels in steps, so that all of a step have one tap. */
function quadLoop({ tile, kind, wideColumns, isAligned }: GatherVariant): string {
  // Shifted with its sign: the first row may be outside where others are not.
  const placeOfRow = (r: number) =>
    isAligned
      ? `u32((base0 + place) >> 2u) + ${r}u * (channels / 4u)`
      : `u32(base${r} + place) / 4u`;
  const ofA = lines(
    4,
    (r) =>
      `      let v${r} = select(vec4f(), source[${
        placeOfRow(r)
      }], (inside${r} & channelBit) != 0u);`,
  );
  // Columns beyond the last are not stored, whatever is read for them.
  const ofB = kind === "values"
    ? `      let hasTerms = firstChannel + 4u * filterTerms < channels;
${
      lines(4, (e) => {
        const values = wideColumns
          ? `kernel[filterPlace + threadPlace + ${e}u * filterStride]`
          : `vec4f(${
            [0, 1, 2, 3].map((i) =>
              `kernel[filterPlace + threadPlace + ${e}u * filterStride + ${i}u]`
            )
              .join(", ")
          })`;
        return `      let w${e} = select(vec4f(), ${values}, hasTerms);`;
      })
    }`
    : lines(
      4,
      (i) =>
        `      let w${i} = select(vec4f(), kernel[filterPlace + threadPlace + ${i}u * filterStride], channel < channels);`,
    );
  // Place of a term's row in the filter: of this thread, of the step's first term, and between terms or columns.
  const filterStride = kind === "inputGradient"
    ? "channels / 4u"
    : wideColumns
    ? "columns / 4u"
    : "columns";
  const threadPlace = kind === "inputGradient"
    ? "column * filterStride + terms"
    : `4u * filterTerms * filterStride + column${wideColumns ? " / 4u" : ""}`;
  const [perStep, perTap] = kind === "inputGradient"
    ? [`${STEP_TERMS / 4}u`, "columns * filterStride"]
    : [`${STEP_TERMS}u * filterStride`, "channels * filterStride"];
  const isTransposed = kind === "inputGradient";
  return `
  let taps = job.kernelHeight * job.kernelWidth;
${tapBits}
  var tap = 0u;
  var tapX = 0u;
  var firstChannel = 0u;
  // Carried along: computed from the tap, compilers would distribute its products over the rows.
  var offset = 0;
  let right = job.direction * i32(channels);
  let down = job.direction * (job.sourceWidth - i32(job.kernelWidth)) * i32(channels);
  let filterStride = ${filterStride};
  let threadPlace = ${threadPlace};
  var tapPlace = 0u;
  var filterPlace = 0u;
  loop {
    if (tap >= taps) { break; }
    let channel = firstChannel + 4u * terms;
    let channelBit = select(0u, 1u << tap, channel < channels);
    let place = offset + i32(channel);
${
    byBlocks(
      tile.columns,
      `${ofB}\n${storeB(tile, { terms: isTransposed ? "terms" : "filterTerms", isTransposed })}`,
    )
  }
${byBlocks(tile.rows, `${ofA}\n${storeA(tile)}`)}
${step(tile)}
    firstChannel += ${STEP_TERMS}u;
    filterPlace += ${perStep};
    if (firstChannel >= channels) {
      firstChannel = 0u;
      tapPlace += ${perTap};
      filterPlace = tapPlace;
      tap++;
      tapX++;
      offset += right;
      if (tapX == job.kernelWidth) {
        tapX = 0u;
        offset += down;
      }
    }
  }`;
}

/**
 * All terms in one row, each with its own tap and channel: for few channels, such as an image's. Both, and the places
 * in source and filter, are carried from term to term: divisions and products for each take more instructions and
 * registers. Compilers drop what a variant does not use.
 */
function flatLoop(variant: GatherVariant): string {
  const { tile, kind, isSpread, hasTapBits, wideColumns } = variant;
  const sign = kind === "values" ? "" : "-";
  // Taps beyond the last have no bit, or are above the source.
  const decode = lines(4, (e) => `
${
    hasTapBits ? `    let bit${e} = bit;` : `
    let dy${e} = select(-0x1000000, ${sign}i32(tapY), tapY < job.kernelHeight);
    let dx${e} = ${sign}i32(tapX);`
  }
    let ${isSpread ? `channel${e} = channel` : `offset${e} = offset`};
    let gradientPlace${e} = gradientPlace;
${e < 3 ? toNextTerm("1u") : `${skipTaps}\n${toNextTerm("skippedChannels")}`}`);
  const ofA = lines(4, (e) => {
    const values = [0, 1, 2, 3].map((r) => {
      const { inside, index } = place(variant, r, e);
      return `select(0.0, source[u32(${index})], ${inside})`;
    });
    const at = quadOf(tile, "a", { quad: "rowQuad", terms: "terms", term: e });
    return `      ${at} = vec4f(${values.join(", ")});`;
  });
  // Columns beyond the last are not stored, whatever is read for them.
  const ofB = lines(4, (e) => {
    if (kind === "values") {
      const at = quadOf(tile, "b", { quad: "columnQuad", terms: "filterTerms", term: e });
      const place = `filterPlace + ${e}u * filterStride`;
      const quad = wideColumns
        ? `kernel[${place}]`
        : `vec4f(${[0, 1, 2, 3].map((i) => `kernel[${place} + ${i}u]`).join(", ")})`;
      return `      ${at} = select(vec4f(), ${quad}, ${place} < filterEnd);`;
    }
    const values = [0, 1, 2, 3].map((i) => `kernel[gradientPlace${e} + ${i}u * channels]`);
    const at = quadOf(tile, "b", { quad: "columnQuad", terms: "terms", term: e });
    return `      ${at} = select(vec4f(), vec4f(${
      values.join(", ")
    }), gradientPlace${e} < filterEnd);`;
  });
  const filterStride = `columns${wideColumns ? " / 4u" : ""}`;
  const filterColumn = `column${wideColumns ? " / 4u" : ""}`;
  return `
${hasTapBits ? tapBits : ""}
  let count = job.kernelHeight * job.kernelWidth * channels;
  let skippedTaps = ${SKIPPED_TERMS} / channels;
  let skippedChannels = ${SKIPPED_TERMS} % channels;
  let skippedX = skippedTaps % job.kernelWidth;
  let skippedY = skippedTaps / job.kernelWidth;
  // From beyond the last channel of a tap to the first one of the next, and from beyond the last tap of a row likewise.
  let toTap = (job.direction - 1) * i32(channels);
  let toTapRow = job.direction * (job.sourceWidth - i32(job.kernelWidth)) * i32(channels);
  let skippedPlace = job.direction * (i32(skippedY) * job.sourceWidth + i32(skippedX)) * i32(channels);
  let tap = 4u * terms / channels;
  var channel = 4u * terms % channels;
  var tapX = tap % job.kernelWidth;
  var tapY = tap / job.kernelWidth;
  var bit = 1u << tap;
  var offset = job.direction * (i32(tapY) * job.sourceWidth + i32(tapX)) * i32(channels) + i32(channel);
  var gradientPlace = (tap * columns + column) * channels + channel;
  let filterStride = ${filterStride};
  let filterEnd = count * ${kind === "values" ? "filterStride" : "columns"};
  ${kind === "values" ? `var filterPlace = 4u * filterTerms * filterStride + ${filterColumn};` : ""}
  for (var firstTerm = 0u; firstTerm < count; firstTerm += ${STEP_TERMS}u) {
${decode}
${byBlocks(tile.rows, ofA)}
${byBlocks(tile.columns, ofB)}
${step(tile)}
    ${kind === "values" ? `filterPlace += ${STEP_TERMS}u * filterStride;` : ""}
  }`;
}

/** From a thread's last term in a step to its first one in the next. */
const SKIPPED_TERMS = `${STEP_TERMS - 3}u`;

/** Skips the taps of {@link SKIPPED_TERMS}; what is left of them are channels. */
const skipTaps = `
    tapX += skippedX;
    tapY += skippedY;
    bit <<= skippedTaps;
    offset += skippedPlace;
    gradientPlace += skippedTaps * columns * channels;`;

/** Adds at most as many as there are to the channel; from the last one on the next tap is meant. */
const toNextTerm = (added: string) => `
    {
      channel += ${added};
      let isNextTap = channel >= channels;
      channel -= select(0u, channels, isNextTap);
      tapX += select(0u, 1u, isNextTap);
      bit <<= select(0u, 1u, isNextTap);
      offset += i32(${added}) + select(0, toTap, isNextTap);
      gradientPlace += ${added} + select(0u, (columns - 1u) * channels, isNextTap);
      let isNextRow = tapX >= job.kernelWidth;
      tapX -= select(0u, job.kernelWidth, isNextRow);
      tapY += select(0u, 1u, isNextRow);
      offset += select(0, toTapRow, isNextRow);
    }`;

/** WGSL that adds bias and residual to four sums of a row, applies the activation and stores them. */
function finish({ wideColumns, epilogue }: GatherVariant): string {
  const type = wideColumns ? "vec4f" : "f32", zero = wideColumns ? "vec4f()" : "0.0";
  const finishOne = `
fn ${wideColumns ? "finish" : "finishOne"}(row: u32, column: u32, sum: ${type}) {
  let at = (row * job.columns + column)${wideColumns ? " / 4u" : ""};
  var value = sum;
${epilogue === null ? anyEpilogue(wideColumns) : knownEpilogue(epilogue, wideColumns)}
  if (${allOf("row < job.rows", "column < job.columns")}) { out[at] = value; }
}`.replaceAll("ZERO", zero);
  if (wideColumns) return finishOne;
  return `${finishOne}
fn finish(row: u32, column: u32, sum: vec4f) {
${lines(4, (i) => `  finishOne(row, column + ${i}u, sum.${component(i)});`)}
}`;
}

const imageColumns = "row / (job.height * job.width) * job.columns";

/** Absent operands are read at one place, which costs less than a branch per sum. */
function anyEpilogue(wideColumns: boolean): string {
  const flags = wideColumns ? "vec4<bool>" : "bool";
  const perImage = `select(0u, ${imageColumns}, job.bias == ${biasKinds.perImage}u)`;
  return `
  let biasAt = (${perImage} + column)${wideColumns ? " / 4u" : ""};
  let hasBias = job.bias != ${biasKinds.none}u;
  value += select(ZERO, bias[select(0u, biasAt, hasBias)], hasBias);
  value += select(ZERO, residual[at * job.hasResidual], job.hasResidual != 0u);
  let isRelu = job.activation == ${activations.relu}u;
  value = select(value, ZERO, (value < ZERO) & ${flags}(isRelu)); // keeps NaN
  let isMask = job.activation == ${activations.mask}u;
  value = select(ZERO, value, (mask[select(0u, at, isMask)] > ZERO) | ${flags}(!isMask));`;
}

function knownEpilogue(
  { bias, hasResidual, activation }: GatherEpilogue,
  wideColumns: boolean,
): string {
  const biasAt = bias === biasKinds.perImage ? `(${imageColumns} + column)` : "column";
  return [
    bias === biasKinds.none ? "" : `  value += bias[${biasAt}${wideColumns ? " / 4u" : ""}];`,
    hasResidual === 0 ? "" : "  value += residual[at];",
    activation === activations.relu
      ? "  value = select(value, ZERO, value < ZERO); // keeps NaN"
      : "",
    activation === activations.mask ? "  value = select(ZERO, value, mask[at] > ZERO);" : "",
  ].filter((line) => line !== "").join("\n");
}
