const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** A human-readable size: `1.2 GiB`, `512 bytes`. */
export function bytesText(bytes: number): string {
  let power = 0;
  // 1023.96 would print as 1024.0
  while (power < units.length - 1 && bytes / 1024 ** power >= 1023.95) power++;
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** A size in decimal units: `0.38 GB`. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
