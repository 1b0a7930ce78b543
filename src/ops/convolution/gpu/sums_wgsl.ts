import { lines } from "./tile_wgsl.ts";

/** Threads per workgroup of both shaders. */
export const SUM_THREADS = 256;

/** The uniform of {@link addPartsShader}. */
export const addPartsJob = ["count", "first", "parts"] as const;

/**
 * Adds partial sums in order, a thread per number; the first numbers go to one output, others to a second one.
 *
 *   0  uniform     job      count, first, parts
 *   1  read        partial  [parts, count]
 *   2  read_write  out      [first]
 *   3  read_write  rest     [count - first], or anything
 */
export const addPartsShader = `
struct Job { ${addPartsJob.map((name) => `${name}: u32`).join(", ")} }
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> rest: array<f32>;

@compute @workgroup_size(${SUM_THREADS})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let i = (id.y * grid.x + id.x) * ${SUM_THREADS}u + lid;
  if (i >= job.count) { return; }
  var sum = 0.0;
  var part = 0u;
  for (; part + 8u <= job.parts; part += 8u) {
${lines(8, (e) => `    let x${e} = partial[(part + ${e}u) * job.count + i];`)}
    sum = sum + x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7;
  }
  for (; part < job.parts; part++) { sum += partial[part * job.count + i]; }
  if (i < job.first) { out[i] = sum; } else { rest[i - job.first] = sum; }
}
`;

/** Channels per workgroup of {@link pixelSumsShader}. */
export const SUM_CHANNELS = 64;
const LANES = SUM_THREADS / SUM_CHANNELS;

/** The uniform of {@link pixelSumsShader}. */
export const pixelSumsJob = [
  "workgroups",
  "groups",
  "channels",
  "pixels",
  "pixelsPerPart",
  "isMasked",
] as const;

/**
 * Sums over parts of the pixels; of a masked cotangent, which is stored.
 *
 *   0  uniform     job        pixelSumsJob; groups = ceil(channels / SUM_CHANNELS)
 *   1  read        cotangent  [pixels, channels]
 *   2  read        mask       [pixels, channels]: the cotangent stays where it is positive; or anything
 *   3  read_write  masked     [pixels, channels], or anything
 *   4  read_write  sums       [parts, channels]
 */
export const pixelSumsShader = `
struct Job { ${pixelSumsJob.map((name) => `${name}: u32`).join(", ")} }
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> cotangent: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> masked: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;
var<workgroup> shares: array<f32, ${SUM_THREADS}>;

@compute @workgroup_size(${SUM_THREADS})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let workgroup = id.y * grid.x + id.x;
  if (workgroup >= job.workgroups) { return; }
  let part = workgroup / job.groups;
  let channel = workgroup % job.groups * ${SUM_CHANNELS}u + lid % ${SUM_CHANNELS}u;
  let end = min(job.pixels, (part + 1u) * job.pixelsPerPart);
  var sum = 0.0;
  if (channel < job.channels) {
    for (var pixel = part * job.pixelsPerPart + lid / ${SUM_CHANNELS}u; pixel < end; pixel += ${LANES}u) {
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
  if (lid < ${SUM_CHANNELS}u && channel < job.channels) {
    sums[part * job.channels + channel] = ${
  Array.from({ length: LANES }, (_, i) => `shares[lid + ${i * SUM_CHANNELS}u]`).join(" + ")
};
  }
}
`;
