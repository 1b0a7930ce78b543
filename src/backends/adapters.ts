/** A WebGPU adapter as Deno describes it. */
export interface Adapter {
  /** Manufacturer, if the driver reports it. */
  readonly vendor: string;
  /** Device family, if the driver reports it. */
  readonly architecture: string;
  /** Device number or name. */
  readonly device: string;
  /** The driver's name for it, such as `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly description: string;
  /** Whether WebGPU flags it as a slow software implementation. */
  readonly isFallbackAdapter: boolean;
  /** Feature names, sorted. */
  readonly features: readonly string[];
  /** WebGPU limits by name. */
  readonly limits: Readonly<Record<string, number>>;
}

const SOFTWARE_DRIVERS = /llvmpipe|lavapipe|swiftshader|softpipe|software|basic render|\bwarp\b/i;

/**
 * Whether an adapter computes on the CPU: it is flagged as a fallback or has the name of a known
 * software driver (some of which are not flagged).
 */
export function isSoftwareAdapter(
  adapter: Pick<
    Adapter,
    "vendor" | "architecture" | "device" | "description" | "isFallbackAdapter"
  >,
): boolean {
  return adapter.isFallbackAdapter || SOFTWARE_DRIVERS.test(
    `${adapter.vendor} ${adapter.architecture} ${adapter.device} ${adapter.description}`,
  );
}

/** The adapter that `webgpu` would use, or null if there is none. */
export async function requestAdapter(): Promise<Adapter | null> {
  const adapter = await requestGpuAdapter({ powerPreference: "high-performance" });
  return adapter === null ? null : describe(adapter);
}

/** All adapters available through WebGPU, first the one that `webgpu` would use. */
export async function listAdapters(): Promise<readonly Adapter[]> {
  const found = new Map<string, Adapter>();
  const requests: GPURequestAdapterOptions[] = [
    { powerPreference: "high-performance" },
    { powerPreference: "low-power" },
    { forceFallbackAdapter: true },
  ];
  for (const request of requests) {
    const adapter = await requestGpuAdapter(request);
    if (adapter === null) continue;
    const described = describe(adapter);
    const key = [described.vendor, described.device, described.description].join("\0");
    if (!found.has(key)) found.set(key, described);
  }
  return [...found.values()];
}

/** The platform's adapter object, or null if there is none. */
export async function requestGpuAdapter(
  options: GPURequestAdapterOptions,
): Promise<GPUAdapter | null> {
  silenceDeviceSelect();
  return await navigator.gpu?.requestAdapter(options) ?? null;
}

/**
 * Disables Mesa's device-selection layer, which without a desktop writes
 * `error: XDG_RUNTIME_DIR is invalid or not set` to stderr. The line remains if the program lacks
 * permission to set the variable.
 */
function silenceDeviceSelect(): void {
  const variable = "NODEVICE_SELECT";
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return;
  if (!Deno.env.has(variable)) Deno.env.set(variable, "1");
}

function describe(adapter: GPUAdapter): Adapter {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") limits[name] = value;
  }
  return {
    vendor,
    architecture,
    device,
    description,
    isFallbackAdapter,
    features: [...adapter.features].sort(),
    limits,
  };
}
