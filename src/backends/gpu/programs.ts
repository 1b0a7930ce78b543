import { roundUp } from "../../core/numbers/round_up.ts";
import { type DeviceLimits, programExcess, type ProgramSize } from "./limits.ts";

/** How a program uses a binding: the first two are storage buffers. */
export type BindingKind = "read" | "readWrite" | "uniform";

const bindingTypes = {
  read: "read-only-storage",
  readWrite: "storage",
  uniform: "uniform",
} as const satisfies Record<BindingKind, GPUBufferBindingType>;

/** A compute shader. */
export interface ProgramSource {
  /** For messages and the labels of passes. */
  readonly name: string;
  /** WGSL with the entry point `main`. */
  readonly code: string;
  /** Kinds of `@group(0) @binding(i)`, by i. Bindings that the code does not use are allowed. */
  readonly bindings: readonly BindingKind[];
  /** Invocations per workgroup, in one dimension. */
  readonly threads: number;
  /** Bytes of its `var<workgroup>` declarations; {@link workgroupVariables} adds them up. */
  readonly workgroupBytes: number;
}

/** A compiled {@link ProgramSource}. */
export interface Program {
  /** What it was compiled from. */
  readonly source: ProgramSource;
  /** The compiled shader. */
  readonly pipeline: GPUComputePipeline;
  /** The layout of its bindings. */
  readonly layout: GPUBindGroupLayout;
}

/** A scalar or vector in workgroup memory. */
export type WorkgroupElement = "f32" | "u32" | "vec2f" | "vec4f";

const elementBytes: Record<WorkgroupElement, number> = { f32: 4, u32: 4, vec2f: 8, vec4f: 16 };

/** A variable in workgroup memory: an array, or a struct of the shader's. */
export type WorkgroupVariable =
  | { readonly name: string; readonly type: WorkgroupElement; readonly count: number }
  | { readonly name: string; readonly struct: string; readonly bytes: number };

/** WGSL that declares variables in workgroup memory, with their size in bytes. */
export function workgroupVariables(
  variables: readonly WorkgroupVariable[],
): { readonly code: string; readonly bytes: number } {
  let code = "", bytes = 0;
  for (const variable of variables) {
    const isStruct = "struct" in variable;
    const type = isStruct ? variable.struct : `array<${variable.type}, ${variable.count}>`;
    code += `var<workgroup> ${variable.name}: ${type};\n`;
    const size = isStruct ? variable.bytes : variable.count * elementBytes[variable.type];
    // Each begins at a multiple of 16 at most.
    bytes += roundUp(size, 16);
  }
  return { code, bytes };
}

/** What a program takes of the device. */
export function sizeOf({ threads, workgroupBytes, bindings }: ProgramSource): ProgramSize {
  const storageBuffers = bindings.filter((kind) => kind !== "uniform").length;
  return { threads, workgroupBytes, storageBuffers };
}

/** Programs of a device by their WGSL: each is compiled once. */
export class ProgramCache {
  readonly #device: GPUDevice;
  readonly #limits: DeviceLimits;
  readonly #programs = new Map<string, Program>();

  constructor(device: GPUDevice, limits: DeviceLimits = device.limits) {
    this.#device = device;
    this.#limits = limits;
  }

  /** Number of programs compiled so far. */
  get size(): number {
    return this.#programs.size;
  }

  /**
   * The program of a shader. It compiles synchronously; WGSL that does not compile is reported by the
   * backend's `check()`.
   *
   * @throws {RangeError} If it exceeds the device's limits.
   */
  get(source: ProgramSource): Program {
    const known = this.#programs.get(source.code);
    if (known !== undefined) return known;
    const excess = programExcess(sizeOf(source), this.#limits);
    if (excess.length > 0) throw new RangeError(`${source.name}: ${excess.join(", ")}`);
    const device = this.#device, label = source.name;
    const layout = device.createBindGroupLayout({
      label,
      entries: source.bindings.map((kind, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: bindingTypes[kind] },
      })),
    });
    const pipeline = device.createComputePipeline({
      label,
      layout: device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
      compute: {
        module: device.createShaderModule({ label, code: source.code }),
        entryPoint: "main",
      },
    });
    const program = { source, pipeline, layout };
    this.#programs.set(source.code, program);
    return program;
  }
}
