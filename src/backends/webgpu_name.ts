/** Name of Fluxion's WebGPU backend in tfjs, beside tfjs's own `webgpu`. */
export const webgpuName = "fluxion-webgpu";
