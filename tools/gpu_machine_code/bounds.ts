/** What is counted in a shader's machine code. */
export interface MachineCode {
  /** Vector registers per thread, as the hardware hands them out. */
  readonly registers: number;
  /** Registers that are spilled to memory. */
  readonly spilled: number;
  /** Percent of multiply-adds among the vector instructions of products. */
  readonly share: number;
}

/** Whether a shader keeps to what all of the record must. */
export function isWithinBounds({ registers, spilled, share }: MachineCode): boolean {
  return registers <= 128 && spilled === 0 && share >= 90;
}
