/**
 * WGSL statements that sum arrays of workgroup memory over the threads in a fixed order, with barriers before and
 * after: element i of the first `kept` becomes the sum over all `lid` with `lid % kept == i`.
 *
 * @param names Of the arrays, one element per thread.
 * @param options.threads Per workgroup; `kept` times a power of two.
 */
export function sumInWorkgroup(
  names: readonly string[],
  { threads, kept = 1 }: { readonly threads: number; readonly kept?: number },
): string {
  const strides: number[] = [];
  for (let half = threads / 2; half >= kept; half /= 2) strides.push(half);
  return strides.map((half) => `
  workgroupBarrier();
  if (lid < ${half}u) {
${names.map((name) => `    ${name}[lid] += ${name}[lid + ${half}u];`).join("\n")}
  }`).join("") + "\n  workgroupBarrier();";
}
