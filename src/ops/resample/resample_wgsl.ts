import { gridMain } from "../wgsl/grid.ts";

/** Threads per workgroup of both shaders, a vec4f of the result each. */
export const RESAMPLE_THREADS = 256;

/** Where both shaders find their place: channels, pixels, and all rows of all images as one axis. */
const start = `
struct Job { count: u32, width: u32, groups: u32, scale: f32 }
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

${gridMain(RESAMPLE_THREADS)}
  let i = workgroup * ${RESAMPLE_THREADS}u + lid;
  if (i >= job.count) { return; }
  let group = i % job.groups;
  let pixel = i / job.groups;
  let column = pixel % job.width;
  let row = pixel / job.width;`;

/**
 * FluxionSumOfFour and FluxionFourTimes (cpu.ts) on images of 4 * groups channels.
 *
 *   0  uniform     job  count (vec4f of y), width (of y), groups, scale
 *   1  read        x    [n, h, w, groups] vec4f
 *   2  read_write  y    [n, h / 2, w / 2, groups] or [n, 2 h, 2 w, groups] vec4f
 */
export const resampleShaders = {
  sumOfFour: `${start}
  let above = (2u * row * 2u * job.width + 2u * column) * job.groups + group;
  let below = above + 2u * job.width * job.groups;
  y[i] = job.scale * ((x[above] + x[above + job.groups]) + (x[below] + x[below + job.groups]));
}
`,
  fourTimes: `${start}
  y[i] = job.scale * x[(row / 2u * (job.width / 2u) + column / 2u) * job.groups + group];
}
`,
} as const;
