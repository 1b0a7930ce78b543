/** What is counted in a shader's machine code. */
export interface MachineCode {
  /** Vector registers per thread, as the hardware hands them out. */
  readonly registers: number;
  /** Registers that are spilled to memory. */
  readonly spilled: number;
  /** Percent of multiply-adds among the vector instructions of products. */
  readonly share: number;
}

/**
 * Multiply-adds per number that is read or written, above which arithmetic takes longer than memory: an RX 6900 XT
 * (navi21) has 11.5e12 of them a second and 128e9 numbers, an RX 7900 XTX (gfx1100) 30.7e12 and 240e9.
 */
const BALANCE = 90;

/**
 * Whether a shader keeps to its bounds: registers and spills for all, 90 % multiply-adds where arithmetic takes the
 * time. Where memory does, the share is held near what is reached.
 *
 * @param perNumber Multiply-adds per number that is read or written.
 */
export function isWithinBounds(
  { registers, spilled, share }: MachineCode,
  perNumber: number,
): boolean {
  return registers <= 128 && spilled === 0 && share >= (perNumber >= BALANCE ? 90 : 85);
}
