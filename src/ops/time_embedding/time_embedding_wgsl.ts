import { gridMain } from "../wgsl/grid.ts";

/**
 * WGSL `sinpi(k, t, half)`: sin(pi (k t + half)). WGSL's own sine may err by 2^-11, so the argument is reduced
 * exactly, and the polynomial is the minimax one of sin(pi x) on [0, 1/2] with a relative error below 1e-8.
 */
export const SINPI_WGSL = `
fn sinpi(k: vec4f, t: f32, half: vec4f) -> vec4f {
  let p = k * t;
  let rest = fma(k, vec4f(t), -p);
  var r = (p - 2.0 * round(p * 0.5)) + (rest + half);
  r = r - 2.0 * round(r * 0.5);
  r = select(r, sign(r) - r, abs(r) > vec4f(0.5));
  let z = r * r;
  return r * fma(z, fma(z, fma(z, fma(z, fma(z, fma(z, vec4f(0.00046630281), vec4f(-0.0073704309)), vec4f(0.082145887)), vec4f(-0.59926453)), vec4f(2.5501640)), vec4f(-5.1677128)), vec4f(3.14159265));
}
`;

/** Threads per workgroup, up to four numbers each. */
export const EMBEDDING_THREADS = 64;

/**
 * FluxionTimeEmbedding (time_embedding.ts). A thread computes the sines, or the cosines, of four frequencies.
 *
 *   0  uniform     job  rows, width / 2, quads per half
 *   1  read        t    [rows]
 *   2  read_write  y    [rows, width]
 */
export const timeEmbeddingShader = `
struct Job { rows: u32, half: u32, quads: u32, unused: u32 }
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> t: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
${SINPI_WGSL}
${gridMain(EMBEDDING_THREADS)}
  let i = workgroup * ${EMBEDDING_THREADS}u + lid;
  let row = i / (2u * job.quads);
  if (row >= job.rows) { return; }
  let place = i % (2u * job.quads);
  let isCos = place >= job.quads;
  let first = 4u * (place % job.quads);
  let k = vec4f(f32(first)) + vec4f(1.0, 2.0, 3.0, 4.0);
  let values = sinpi(k, t[row], vec4f(select(0.0, 0.5, isCos)));
  let at = row * 2u * job.half + select(0u, job.half, isCos) + first;
  if (first < job.half) { y[at] = values.x; }
  if (first + 1u < job.half) { y[at + 1u] = values.y; }
  if (first + 2u < job.half) { y[at + 2u] = values.z; }
  if (first + 3u < job.half) { y[at + 3u] = values.w; }
}
`;
