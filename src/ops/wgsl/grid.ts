/**
 * WGSL with which the entry point of a kernel over a grid of workgroups begins. It declares `workgroup`, the
 * workgroup's index, and `lid`, the thread's in it. The grid (`gridOf()` in src/backends/gpu/limits.ts) may have
 * two dimensions and more workgroups than the work: those beyond it must write nothing.
 *
 * @param threads Per workgroup.
 */
export function gridMain(threads: number): string {
  return `@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let workgroup = id.y * grid.x + id.x;`;
}
