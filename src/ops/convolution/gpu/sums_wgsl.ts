import { gridMain } from "../../wgsl/grid.ts";
import { lines, range } from "../../wgsl/lines.ts";
import { jobStruct } from "./tile_wgsl.ts";

/** Threads per workgroup of both shaders. */
export const SUM_THREADS = 256;

/** Numbers, or channels, per workgroup of both shaders; each is summed by several threads. */
export const SUMS_PER_WORKGROUP = 64;
const LANES = SUM_THREADS / SUMS_PER_WORKGROUP;

/** Terms that a thread loads before it adds them. */
const LOADS = 8;

/** WGSL that adds the sums of a number's threads, in order. */
const sumOfLanes = range(LANES).map((i) => `shares[lid + ${i * SUMS_PER_WORKGROUP}u]`).join(" + ");

/** The uniform of {@link addPartsShader}. */
const addPartsJob = ["count", "first", "parts"] as const;

/**
 * Adds partial sums in an order that depends on their number alone; the first sums go to one output, others to a
 * second one.
 *
 *   0  uniform     job      count, first, parts
 *   1  read        partial  [parts, count]
 *   2  read_write  out      [first]
 *   3  read_write  rest     [count - first], or anything
 */
export const addPartsShader = `
${jobStruct(addPartsJob)}
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> rest: array<f32>;
var<workgroup> shares: array<f32, ${SUM_THREADS}>;

${gridMain(SUM_THREADS)}
  let count = job.count;
  let i = workgroup * ${SUMS_PER_WORKGROUP}u + lid % ${SUMS_PER_WORKGROUP}u;
  var sum = 0.0;
  if (i < count) {
    var part = lid / ${SUMS_PER_WORKGROUP}u;
    for (; part + ${LANES * (LOADS - 1)}u < job.parts; part += ${LANES * LOADS}u) {
${lines(LOADS, (e) => `      let x${e} = partial[(part + ${LANES * e}u) * count + i];`)}
      sum = sum + ${range(LOADS).map((e) => `x${e}`).join(" + ")};
    }
    for (; part < job.parts; part += ${LANES}u) { sum += partial[part * count + i]; }
  }
  shares[lid] = sum;
  workgroupBarrier();
  if ((lid < ${SUMS_PER_WORKGROUP}u) & (i < count)) {
    let total = ${sumOfLanes};
    if (i < job.first) { out[i] = total; } else { rest[i - job.first] = total; }
  }
}
`;

/** The uniform of {@link pixelSumsShader}. */
const pixelSumsJob = [
  "workgroups",
  "groups",
  "channels",
  "images",
  "area",
  "partsPerImage",
  "pixelsPerPart",
  "isMasked",
] as const;

/**
 * Sums over parts of each image's pixels; of a masked cotangent, which is stored.
 *
 *   0  uniform     job        pixelSumsJob; groups = ceil(channels / SUMS_PER_WORKGROUP)
 *   1  read        cotangent  [images, area, channels]
 *   2  read        mask       [images, area, channels]: the cotangent stays where it is positive; or anything
 *   3  read_write  masked     [images, area, channels], or anything
 *   4  read_write  sums       [partsPerImage, images, channels]
 */
export const pixelSumsShader = `
${jobStruct(pixelSumsJob)}
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> cotangent: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> masked: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;
var<workgroup> shares: array<f32, ${SUM_THREADS}>;

${gridMain(SUM_THREADS)}
  if (workgroup >= job.workgroups) { return; }
  let image = workgroup / job.groups / job.partsPerImage;
  let part = workgroup / job.groups % job.partsPerImage;
  let channel = workgroup % job.groups * ${SUMS_PER_WORKGROUP}u + lid % ${SUMS_PER_WORKGROUP}u;
  let end = image * job.area + min(job.area, (part + 1u) * job.pixelsPerPart);
  var sum = 0.0;
  if (channel < job.channels) {
    var pixel = image * job.area + part * job.pixelsPerPart + lid / ${SUMS_PER_WORKGROUP}u;
    for (; pixel + ${LANES * (LOADS - 1)}u < end; pixel += ${LANES * LOADS}u) {
      let at = pixel * job.channels + channel;
${lines(LOADS, (e) => `      var x${e} = cotangent[at + ${LANES * e}u * job.channels];`)}
      if (job.isMasked != 0u) {
${lines(LOADS, (e) => `        let y${e} = mask[at + ${LANES * e}u * job.channels];`)}
${
  lines(LOADS, (e) =>
    `        x${e} = select(0.0, x${e}, y${e} > 0.0);
        masked[at + ${LANES * e}u * job.channels] = x${e};`)
}
      }
      sum = sum + ${range(LOADS).map((e) => `x${e}`).join(" + ")};
    }
    for (; pixel < end; pixel += ${LANES}u) {
      let at = pixel * job.channels + channel;
      var value = cotangent[at];
      if (job.isMasked != 0u) {
        value = select(0.0, value, mask[at] > 0.0);
        masked[at] = value;
      }
      sum += value;
    }
  }
  shares[lid] = sum;
  workgroupBarrier();
  if ((lid < ${SUMS_PER_WORKGROUP}u) & (channel < job.channels)) {
    sums[(part * job.images + image) * job.channels + channel] = ${sumOfLanes};
  }
}
`;
