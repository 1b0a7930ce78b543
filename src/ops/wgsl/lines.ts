/** The whole numbers below `count`. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Lines of WGSL, one per whole number below `count`. */
export const lines = (count: number, line: (i: number) => string): string =>
  range(count).map(line).join("\n");
