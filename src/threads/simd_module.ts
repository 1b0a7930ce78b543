/** The two builds of a kernel that `deno task build:simd` writes. */
export interface SimdBuilds {
  /** NAME.relaxed.wasm: multiply-adds round once on machines with FMA. */
  readonly relaxed: Uint8Array;
  /** NAME.plain.wasm: the same bits on every machine. */
  readonly plain: Uint8Array;
}

/**
 * A module of one function (v128, v128, v128) -> v128 that is `f32x4.relaxed_madd`:
 * type, function and code section of the binary format, with opcode 0xfd 0x105.
 */
const relaxedProbe = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 8, 1, 96, 3, 123, 123, 123, 1, 123],
  ...[3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11],
]);

/** Whether this runtime knows relaxed SIMD. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(relaxedProbe);
}

/**
 * Which build runs: `fastest` is the relaxed one where the runtime knows it; `plain` gives
 * the same bits on every machine.
 */
export type SimdChoice = "fastest" | "plain";

/** `plain` for the same bits on every machine, else `fastest`. */
export function simdChoice({ portableBits = false }: PortableBits): SimdChoice {
  return portableBits ? "plain" : "fastest";
}

/** Reproducibility across machines. */
export interface PortableBits {
  /**
   * Compute without fused multiply-adds, which not every machine has: the same bits on every machine,
   * more slowly. Default: false.
   */
  readonly portableBits?: boolean;
}

/** The bytes of one of the two builds. */
export function simdBytes(builds: SimdBuilds, choice: SimdChoice): Uint8Array<ArrayBuffer> {
  const bytes = choice === "fastest" && hasRelaxedSimd() ? builds.relaxed : builds.plain;
  return bytes as Uint8Array<ArrayBuffer>;
}

/** Compiles one of the two builds. */
export function simdModule(builds: SimdBuilds, choice: SimdChoice): WebAssembly.Module {
  return new WebAssembly.Module(simdBytes(builds, choice));
}
