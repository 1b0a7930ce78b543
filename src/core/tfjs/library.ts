/**
 * tfjs's functions, as bindings that are set once it is loaded (`on_demand.ts`), so that code which
 * computes with tensors can be loaded without it: `import * as tf` from here is `import * as tf` from
 * tfjs. Only what Fluxion uses.
 */
import type * as tfjs from "@tensorflow/tfjs";

export type {
  DataType,
  GradConfig,
  GradSaveFunc,
  KernelBackend,
  KernelFunc,
  NamedAttrMap,
  NamedTensorInfoMap,
  NamedTensorMap,
  Rank,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Tensor4D,
  TensorContainer,
  TensorInfo,
} from "@tensorflow/tfjs";

/** A tensor of any rank. */
export type Tensor<R extends tfjs.Rank = tfjs.Rank> = tfjs.Tensor<R>;

/** What tfjs exports. */
export type Library = typeof tfjs;

export let Tensor: Library["Tensor"];
export let abs: Library["abs"];
export let add: Library["add"];
export let addN: Library["addN"];
export let backend_util: Library["backend_util"];
export let broadcast_util: Library["broadcast_util"];
export let cast: Library["cast"];
export let clone: Library["clone"];
export let concat: Library["concat"];
export let concat1d: Library["concat1d"];
export let concat2d: Library["concat2d"];
export let concat4d: Library["concat4d"];
export let conv2d: Library["conv2d"];
export let copyRegisteredKernels: Library["copyRegisteredKernels"];
export let customGrad: Library["customGrad"];
export let dispose: Library["dispose"];
export let div: Library["div"];
export let engine: Library["engine"];
export let env: Library["env"];
export let expandDims: Library["expandDims"];
export let eye: Library["eye"];
export let fill: Library["fill"];
export let findBackend: Library["findBackend"];
export let findBackendFactory: Library["findBackendFactory"];
export let fused: Library["fused"];
export let gather: Library["gather"];
export let getBackend: Library["getBackend"];
export let getGradient: Library["getGradient"];
export let getKernel: Library["getKernel"];
export let getKernelsForBackend: Library["getKernelsForBackend"];
export let grad: Library["grad"];
export let grads: Library["grads"];
export let keep: Library["keep"];
export let less: Library["less"];
export let logSumExp: Library["logSumExp"];
export let matMul: Library["matMul"];
export let maximum: Library["maximum"];
export let mean: Library["mean"];
export let minimum: Library["minimum"];
export let mul: Library["mul"];
export let neg: Library["neg"];
export let ones: Library["ones"];
export let pad4d: Library["pad4d"];
export let pow: Library["pow"];
export let ready: Library["ready"];
export let registerBackend: Library["registerBackend"];
export let registerGradient: Library["registerGradient"];
export let registerKernel: Library["registerKernel"];
export let relu: Library["relu"];
export let removeBackend: Library["removeBackend"];
export let reshape: Library["reshape"];
export let rsqrt: Library["rsqrt"];
export let scalar: Library["scalar"];
export let setBackend: Library["setBackend"];
export let sigmoid: Library["sigmoid"];
export let slice: Library["slice"];
export let slice2d: Library["slice2d"];
export let slice4d: Library["slice4d"];
export let slice_util: Library["slice_util"];
export let split: Library["split"];
export let sqrt: Library["sqrt"];
export let square: Library["square"];
export let squaredDifference: Library["squaredDifference"];
export let stack: Library["stack"];
export let step: Library["step"];
export let sub: Library["sub"];
export let sum: Library["sum"];
export let tanh: Library["tanh"];
export let tensor1d: Library["tensor1d"];
export let tensor2d: Library["tensor2d"];
export let tensor3d: Library["tensor3d"];
export let tensor4d: Library["tensor4d"];
export let tidy: Library["tidy"];
export let tile: Library["tile"];
export let transpose: Library["transpose"];
export let unregisterKernel: Library["unregisterKernel"];
export let unstack: Library["unstack"];
export let util: Library["util"];
export let valueAndGrads: Library["valueAndGrads"];
export let version: Library["version"];
export let where: Library["where"];
export let zeros: Library["zeros"];
export let zerosLike: Library["zerosLike"];

/** Makes tfjs's functions those of this module. */
export function useLibrary(library: Library): void {
  ({
    Tensor,
    abs,
    add,
    addN,
    backend_util,
    broadcast_util,
    cast,
    clone,
    concat,
    concat1d,
    concat2d,
    concat4d,
    conv2d,
    copyRegisteredKernels,
    customGrad,
    dispose,
    div,
    engine,
    env,
    expandDims,
    eye,
    fill,
    findBackend,
    findBackendFactory,
    fused,
    gather,
    getBackend,
    getGradient,
    getKernel,
    getKernelsForBackend,
    grad,
    grads,
    keep,
    less,
    logSumExp,
    matMul,
    maximum,
    mean,
    minimum,
    mul,
    neg,
    ones,
    pad4d,
    pow,
    ready,
    registerBackend,
    registerGradient,
    registerKernel,
    relu,
    removeBackend,
    reshape,
    rsqrt,
    scalar,
    setBackend,
    sigmoid,
    slice,
    slice2d,
    slice4d,
    slice_util,
    split,
    sqrt,
    square,
    squaredDifference,
    stack,
    step,
    sub,
    sum,
    tanh,
    tensor1d,
    tensor2d,
    tensor3d,
    tensor4d,
    tidy,
    tile,
    transpose,
    unregisterKernel,
    unstack,
    util,
    valueAndGrads,
    version,
    where,
    zeros,
    zerosLike,
  } = library);
}
