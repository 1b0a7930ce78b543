import * as tf from "../../core/tfjs/library.ts";
import { FailureError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensors.ts";

/**
 * Members of tfjs's WebGPU backend that it does not export. This is the only file that uses them; a test
 * fails if tfjs changes one.
 */
interface Unexported {
  readonly device: GPUDevice;
  /** Null after a submit, until the next command. */
  readonly commandEncoder: GPUCommandEncoder | null;
  /** Data of recorded commands, whose buffers are kept until the submit. */
  readonly commandQueueOwnedIds: WeakSet<object>;
  readonly tensorMap: { get(id: object): { readonly resource: unknown } };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  uploadToGPU(id: object): void;
  makeTensorInfo(shape: readonly number[], dtype: "float32"): tf.TensorInfo;
}

const METHODS = [
  "ensureCommandEncoderReady",
  "endComputePassEncoder",
  "submitQueue",
  "uploadToGPU",
  "makeTensorInfo",
] as const satisfies readonly (keyof Unexported)[];

/** tfjs's command encoder and the buffers of its tensors. */
export class TfjsWebgpu {
  readonly #backend: Unexported;

  /**
   * @param backend tfjs's WebGPU backend.
   * @throws {FailureError} If this version of tfjs lacks a member that is used here.
   */
  constructor(backend: unknown) {
    const known = backend as Partial<Unexported>;
    const missing = METHODS.filter((name) => typeof known[name] !== "function") as string[];
    if (typeof known.tensorMap?.get !== "function") missing.push("tensorMap");
    if (!(known.commandQueueOwnedIds instanceof WeakSet)) missing.push("commandQueueOwnedIds");
    if (!("commandEncoder" in known)) missing.push("commandEncoder");
    if (known.device === undefined) missing.push("device");
    if (missing.length > 0) {
      throw new FailureError(
        `tfjs ${tf.version.tfjs}: its WebGPU backend has no ${missing.join(", ")}; ` +
          "Fluxion needs the version of TensorFlow.js that it was made with",
      );
    }
    this.#backend = known as Unexported;
  }

  /** The device. */
  get device(): GPUDevice {
    return this.#backend.device;
  }

  /** The encoder that records tfjs's next commands; null before the first since the last submit. */
  get current(): GPUCommandEncoder | null {
    return this.#backend.commandEncoder;
  }

  /** tfjs's encoder, outside of any pass: commands recorded into it run after tfjs's earlier ones. */
  encoder(): GPUCommandEncoder {
    this.#backend.ensureCommandEncoderReady();
    this.#backend.endComputePassEncoder();
    return this.#backend.commandEncoder!;
  }

  /** Submits what is recorded. */
  submit(): void {
    this.encoder();
    this.#backend.submitQueue();
  }

  /** The buffer of a float32 tensor for a command that is about to be recorded, after its upload if it is on the host. */
  bufferOf({ dataId }: Tensor): GPUBuffer {
    this.#backend.uploadToGPU(dataId);
    // Kept until the submit, even if the tensor is disposed before.
    this.#backend.commandQueueOwnedIds.add(dataId);
    return this.#backend.tensorMap.get(dataId).resource as GPUBuffer;
  }

  /** A tensor whose numbers are whatever its buffer holds: record a command that writes them all. */
  emptyTensor(shape: readonly number[]): Tensor {
    const info = this.#backend.makeTensorInfo([...shape], "float32");
    return tf.engine().makeTensorFromTensorInfo(info);
  }
}
