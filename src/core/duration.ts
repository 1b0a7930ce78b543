/** Human-readable duration from seconds: `8.1 s`, `5 min 10 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds === 0) return "0 s";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
