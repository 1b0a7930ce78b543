import { commandLine } from "@fluxion/fluxion/core";
import type { HomeworkOptions } from "./folder.ts";

/**
 * Command line that starts or continues a homework.
 *
 * @param out Its folder, as the user wrote it.
 */
export function homeworkCommandLine(
  out: string,
  { size, seed, backend }: HomeworkOptions,
): string {
  return commandLine([
    ...["homework", "--out", out],
    ...(size === "quick" ? ["--quick"] : []),
    ...(seed === 0 ? [] : ["--seed", String(seed)]),
    ...(backend === "auto" ? [] : ["--backend", backend]),
  ]);
}
