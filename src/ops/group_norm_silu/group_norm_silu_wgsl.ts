import { gridMain } from "../wgsl/grid.ts";
import { sumInWorkgroup } from "../wgsl/sum_in_workgroup.ts";
import { GROUP_CHANNELS, GROUP_NORM_EPSILON } from "./name.ts";

/** Threads per workgroup of all three shaders. */
export const GROUP_NORM_THREADS = 256;

/** Groups per workgroup of the passes over images: 64 adjacent bytes of each pixel. */
const GROUPS_PER_WORKGROUP = 4;

/** Channels per workgroup of {@link groupNormSumsShader}. */
export const CHANNELS_PER_SUM = 16;

/**
 * Pixels per image that the shaders take. Their loops are far from the 65,535 iterations after which
 * Mesa's llvmpipe ends an invocation in silence.
 */
export const MOST_PIXELS = 2 ** 20;

const LANES = GROUP_NORM_THREADS / GROUPS_PER_WORKGROUP;

/** Sums over the threads of each group of images, and of each channel of the sums over images. */
const sumOfGroups = (names: readonly string[]) =>
  sumInWorkgroup(names, { threads: GROUP_NORM_THREADS, kept: GROUPS_PER_WORKGROUP });
const sumOfChannels = (names: readonly string[]) =>
  sumInWorkgroup(names, { threads: GROUP_NORM_THREADS, kept: CHANNELS_PER_SUM });

/**
 * What both passes over images begin with. A workgroup has {@link GROUPS_PER_WORKGROUP} groups of one image,
 * and ${LANES} threads per group take its pixels in turn.
 */
const image = `
struct Job { images: u32, area: u32, groups: u32, hasShift: u32 }
@group(0) @binding(0) var<uniform> job: Job;

/** 1 / (1 + exp(-z)); the exponential is at most 1. */
fn sigmoid(z: vec4f) -> vec4f {
  let e = exp(-abs(z));
  return select(e, vec4f(1.0), z >= vec4f(0.0)) / (1.0 + e);
}
`;

const imageStart = `
  let tiles = (job.groups + ${GROUPS_PER_WORKGROUP - 1}u) / ${GROUPS_PER_WORKGROUP}u;
  if (workgroup >= job.images * tiles) { return; }
  let n = workgroup / tiles;
  let place = (workgroup % tiles) * ${GROUPS_PER_WORKGROUP}u + lid % ${GROUPS_PER_WORKGROUP}u;
  let isGroup = place < job.groups;
  let group = min(place, job.groups - 1u);
  let lane = lid / ${GROUPS_PER_WORKGROUP}u;
  let first = n * job.area * job.groups + group;
  var shifted = vec4f(0.0);
  if (job.hasShift != 0u) { shifted = shift[n * job.groups + group]; }
  let count = f32(${GROUP_CHANNELS}u * job.area);`;

const main = `
${gridMain(GROUP_NORM_THREADS)}`;

const pixels = `for (var p = lane; p < job.area; p += ${LANES}u)`;

/** Workgroups of the passes over images. */
export function imageWorkgroups({ images, groups }: {
  readonly images: number;
  readonly groups: number;
}): number {
  return images * Math.ceil(groups / GROUPS_PER_WORKGROUP);
}

/**
 * The forward pass, name.ts; vec4f are the four channels of a group.
 *
 *   0  uniform     job         images, area, groups, hasShift
 *   1  read        x           [images, area, groups] vec4f
 *   2  read        scale       [groups] vec4f
 *   3  read        offset      [groups] vec4f
 *   4  read        shift       [images, groups] vec4f; anything if hasShift is 0
 *   5  read_write  y           [images, area, groups] vec4f
 *   6  read_write  mean        [images, groups]
 *   7  read_write  inverseStd  [images, groups]
 */
export const groupNormSiluShader = `${image}
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> scale: array<vec4f>;
@group(0) @binding(3) var<storage, read> offset: array<vec4f>;
@group(0) @binding(4) var<storage, read> shift: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> mean: array<f32>;
@group(0) @binding(7) var<storage, read_write> inverseStd: array<f32>;

var<workgroup> shares: array<f32, ${GROUP_NORM_THREADS}>;

/** The sum over the threads of a group, for each of them. */
fn sumOfGroup(lid: u32, value: f32) -> f32 {
  workgroupBarrier();
  shares[lid] = value;${sumOfGroups(["shares"])}
  return shares[lid % ${GROUPS_PER_WORKGROUP}u];
}
${main}${imageStart}
  var sum = vec4f(0.0);
  ${pixels} { sum += x[first + p * job.groups] + shifted; }
  let centre = sumOfGroup(lid, dot(sum, vec4f(1.0))) / count;
  // The mean is subtracted first: a difference of sums of squares would lose digits.
  let moved = shifted - centre;
  sum = vec4f(0.0);
  ${pixels} { let u = x[first + p * job.groups] + moved; sum += u * u; }
  // WGSL does not say what the root of an infinite variance is.
  let variance = min(sumOfGroup(lid, dot(sum, vec4f(1.0))) / count, 3e38);
  let r = 1.0 / sqrt(variance + ${GROUP_NORM_EPSILON});
  if (!isGroup) { return; }
  if (lane == 0u) {
    mean[n * job.groups + group] = centre;
    inverseStd[n * job.groups + group] = r;
  }
  let factor = scale[group];
  let constant = offset[group];
  ${pixels} {
    let z = fma((x[first + p * job.groups] + moved) * r, factor, constant);
    y[first + p * job.groups] = z * sigmoid(z);
  }
}
`;

/**
 * The VJP for images. With u = (x + shift - mean) inverseStd, z = scale u + offset and s = sigmoid(z):
 *
 *   dz = dy s (1 + z (1 - s))
 *   dx = inverseStd (scale dz - <scale dz> - u <scale dz u>)
 *
 * where <.> is the mean over a group: portable.ts with the factors inverseStd at u, where they do not leave
 * float32's range.
 *
 *   0  uniform     job         images, area, groups, hasShift
 *   1  read        dy          [images, area, groups] vec4f
 *   2  read        x           [images, area, groups] vec4f
 *   3  read        scale       [groups] vec4f
 *   4  read        offset      [groups] vec4f
 *   5  read        shift       [images, groups] vec4f; anything if hasShift is 0
 *   6  read        mean        [images, groups]
 *   7  read        inverseStd  [images, groups]
 *   8  read_write  dx          [images, area, groups] vec4f
 *   9  read_write  dShift      [images, groups] vec4f
 *  10  read_write  shares      [2, images, groups] vec4f: of each image in dScale and dOffset
 */
export const groupNormSiluGradientShader = `${image}
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> scale: array<vec4f>;
@group(0) @binding(4) var<storage, read> offset: array<vec4f>;
@group(0) @binding(5) var<storage, read> shift: array<vec4f>;
@group(0) @binding(6) var<storage, read> mean: array<f32>;
@group(0) @binding(7) var<storage, read> inverseStd: array<f32>;
@group(0) @binding(8) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(9) var<storage, read_write> dShift: array<vec4f>;
@group(0) @binding(10) var<storage, read_write> shares: array<vec4f>;

// Sums per channel of dz, dz u and u.
var<workgroup> sums: array<vec4f, ${GROUP_NORM_THREADS}>;
var<workgroup> products: array<vec4f, ${GROUP_NORM_THREADS}>;
var<workgroup> places: array<vec4f, ${GROUP_NORM_THREADS}>;

fn slope(z: vec4f) -> vec4f {
  let s = sigmoid(z);
  return s * fma(z, 1.0 - s, vec4f(1.0));
}
${main}${imageStart}
  let moved = shifted - mean[n * job.groups + group];
  let r = inverseStd[n * job.groups + group];
  let factor = scale[group];
  let constant = offset[group];
  var sum = vec4f(0.0);
  var product = vec4f(0.0);
  var centred = vec4f(0.0);
  ${pixels} {
    let u = (x[first + p * job.groups] + moved) * r;
    let dz = dy[first + p * job.groups] * slope(fma(u, factor, constant));
    sum += dz;
    product = fma(dz, u, product);
    centred += u;
  }
  sums[lid] = sum;
  products[lid] = product;
  places[lid] = centred;${sumOfGroups(["sums", "products", "places"])}
  if (!isGroup) { return; }
  sum = sums[lid % ${GROUPS_PER_WORKGROUP}u];
  product = products[lid % ${GROUPS_PER_WORKGROUP}u];
  let meanOfSums = dot(sum, factor) / count;
  let meanOfProducts = dot(product, factor) / count;
  if (lane == 0u) {
    centred = places[lid % ${GROUPS_PER_WORKGROUP}u];
    let at = n * job.groups + group;
    dShift[at] = r * (factor * sum - f32(job.area) * meanOfSums - centred * meanOfProducts);
    shares[at] = product;
    shares[job.images * job.groups + at] = sum;
  }
  ${pixels} {
    let u = (x[first + p * job.groups] + moved) * r;
    let dz = dy[first + p * job.groups] * slope(fma(u, factor, constant));
    dx[first + p * job.groups] = r * (factor * dz - meanOfSums - u * meanOfProducts);
  }
}
`;

/**
 * Sums over images in a fixed order, {@link CHANNELS_PER_SUM} channels per workgroup.
 *
 *   0  uniform     job      images, channels
 *   1  read        shares   [2, images, channels]
 *   2  read_write  dScale   [channels]
 *   3  read_write  dOffset  [channels]
 */
export const groupNormSumsShader = `
struct Job { images: u32, channels: u32 }
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> shares: array<f32>;
@group(0) @binding(2) var<storage, read_write> dScale: array<f32>;
@group(0) @binding(3) var<storage, read_write> dOffset: array<f32>;

var<workgroup> scales: array<f32, ${GROUP_NORM_THREADS}>;
var<workgroup> offsets: array<f32, ${GROUP_NORM_THREADS}>;
${main}
  if (workgroup * ${CHANNELS_PER_SUM}u >= job.channels) { return; }
  let channel = workgroup * ${CHANNELS_PER_SUM}u + lid % ${CHANNELS_PER_SUM}u;
  let held = min(channel, job.channels - 1u);
  let rest = job.images * job.channels;
  var scale = 0.0;
  var offset = 0.0;
  for (var n = lid / ${CHANNELS_PER_SUM}u; n < job.images; n += ${
  GROUP_NORM_THREADS / CHANNELS_PER_SUM
}u) {
    scale += shares[n * job.channels + held];
    offset += shares[rest + n * job.channels + held];
  }
  scales[lid] = scale;
  offsets[lid] = offset;${sumOfChannels(["scales", "offsets"])}
  if (lid < ${CHANNELS_PER_SUM}u && channel < job.channels) {
    dScale[channel] = scales[lid];
    dOffset[channel] = offsets[lid];
  }
}
`;
