/**
 * Paths for people: their last names, with as many folders before them as tell different paths
 * apart. Texts without a separator, such as names of data sets, stay as they are.
 */
export function shortPaths(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split(/[/\\]/));
  const last = (i: number, count: number) => parts[i]!.slice(-count).join("/");
  return paths.map((path, i) => {
    const isUnique = (count: number) =>
      paths.every((other, j) => other === path || last(j, count) !== last(i, count));
    let count = 1;
    while (count < parts[i]!.length && !isUnique(count)) count++;
    return last(i, count);
  });
}
