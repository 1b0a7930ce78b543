import * as tf from "../../core/tfjs/library.ts";
import { FailureError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensors.ts";
import { type CommandLog, logCommands, recordLog } from "./commands/command_log.ts";

/** tfjs's record of a tensor. */
interface TensorData {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Numbers of the host, if it has them. */
  values: ArrayLike<number> | null | undefined;
  /** The buffer, if there is one. */
  resource: unknown;
  /** Whether the buffer is someone else's. */
  readonly external?: boolean;
}

/**
 * Members of tfjs's WebGPU backend that it does not export. This is the only file that uses them; a test
 * fails if tfjs changes one.
 */
interface Unexported {
  readonly device: GPUDevice;
  readonly bufferManager: {
    acquireBuffer(size: number, usage: number): GPUBuffer;
    releaseBuffer(buffer: GPUBuffer): void;
  };
  /** Data that are disposed and whose buffers recorded commands use: they are given back at the submit. */
  readonly tensorDataPendingDisposal: object[];
  /** Buffers of tfjs's uniforms that recorded commands use: they are given back at the submit. */
  readonly uniformPendingDisposal: GPUBuffer[];
  /** Dispatches since the last submit; tfjs submits when it reaches a setting. */
  dispatchCountInPass: number;
  /** Null after a submit, until the next command. */
  readonly commandEncoder: GPUCommandEncoder | null;
  /** Data of recorded commands, whose buffers are kept until the submit. */
  readonly commandQueueOwnedIds: WeakSet<object>;
  readonly tensorMap: { get(id: object): TensorData };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  uploadToGPU(id: object): void;
  /** Reads a tensor's buffer; the tensor lives until it is read. */
  getBufferData(buffer: GPUBuffer): Promise<ArrayBuffer>;
  makeTensorInfo(shape: readonly number[], dtype: "float32"): tf.TensorInfo;
}

const METHODS = [
  "ensureCommandEncoderReady",
  "endComputePassEncoder",
  "submitQueue",
  "uploadToGPU",
  "getBufferData",
  "makeTensorInfo",
] as const satisfies readonly (keyof Unexported)[];

/**
 * The members.
 *
 * @throws {FailureError} If this version of tfjs lacks one.
 */
function knownMembers(backend: unknown): Unexported {
  const known = backend as Partial<Unexported>;
  const missing = METHODS.filter((name) => typeof known[name] !== "function") as string[];
  if (typeof known.tensorMap?.get !== "function") missing.push("tensorMap");
  if (!(known.commandQueueOwnedIds instanceof WeakSet)) missing.push("commandQueueOwnedIds");
  if (typeof known.bufferManager?.acquireBuffer !== "function") missing.push("bufferManager");
  if (!Array.isArray(known.tensorDataPendingDisposal)) missing.push("tensorDataPendingDisposal");
  if (!Array.isArray(known.uniformPendingDisposal)) missing.push("uniformPendingDisposal");
  if (typeof known.dispatchCountInPass !== "number") missing.push("dispatchCountInPass");
  if (!("commandEncoder" in known)) missing.push("commandEncoder");
  if (known.device === undefined) missing.push("device");
  if (missing.length > 0) {
    throw new FailureError(
      `tfjs ${tf.version.tfjs}: its WebGPU backend has no ${missing.join(", ")}; ` +
        "Fluxion needs the version of TensorFlow.js that it was made with",
    );
  }
  return known as Unexported;
}

/** GPUBufferUsage of tensors: STORAGE, COPY_SRC and COPY_DST; of what is read: MAP_READ and COPY_DST. */
const TENSOR_USAGE = 0x8c, READ_USAGE = 0x09;

/**
 * By backend while commands are logged that will be recorded again: buffers with numbers of the host. They must not
 * be reused for results, or the commands would find these there the next time.
 */
const hostWritten = new WeakMap<object, Set<GPUBuffer>>();

/** Dispatches that are recorded before they are submitted, where nothing submits earlier. */
const MOST_DISPATCHES = 1024;

/**
 * Lets a backend of tfjs's record a training step without creating a buffer and with one submit.
 *
 * - Numbers of the host are written into reused buffers: tfjs creates a staging buffer for each tensor. The
 *   buffers that it has free are in no recorded command, so writing them before these is safe.
 * - The buffer of a disposed tensor is reused for results at once, since commands run in order. tfjs keeps it
 *   until the submit, so it has to submit every 15 dispatches or take up several times the memory.
 * - It submits after {@link MOST_DISPATCHES}, for reads, or when told to. Reads that are started without
 *   waiting for each other share a submit.
 *
 * @param backend One of our own: it is changed.
 * @throws {FailureError} If this version of tfjs lacks a member that is used here.
 */
export function keepBuffers(backend: unknown): void {
  const own = knownMembers(backend);
  const { uploadToGPU, submitQueue } = own;
  own.uploadToGPU = (id) => {
    const data = own.tensorMap.get(id);
    if (data.resource !== null && data.resource !== undefined) return;
    const bytes = 4 * tf.util.sizeFromShape([...data.shape]);
    const numbers = wordsOf(data);
    if (bytes === 0 || numbers === null) return uploadToGPU.call(own, id);
    if (numbers.length > 0) {
      const buffer = own.bufferManager.acquireBuffer(bytes, TENSOR_USAGE);
      own.device.queue.writeBuffer(buffer, 0, numbers);
      hostWritten.get(own)?.add(buffer);
      data.values = null;
      data.resource = buffer;
    } else {
      data.resource = disposedBuffer(own, bytes) ??
        own.bufferManager.acquireBuffer(bytes, TENSOR_USAGE);
      // Earlier commands may use the buffer, so it must not be free before the submit.
      own.commandQueueOwnedIds.add(id);
    }
  };
  readTogether(own);
  const restartCount = () => {
    own.dispatchCountInPass = dispatchesPerSubmit() - MOST_DISPATCHES;
  };
  own.submitQueue = () => {
    submitQueue.call(own);
    restartCount();
  };
  restartCount();
}

/** Lets reads of the same turn of the event loop share a submit, at its end. */
function readTogether(own: Unexported): void {
  let submitted: Promise<void> | null = null;
  own.getBufferData = async (buffer) => {
    const { bufferManager } = own, { size } = buffer;
    const staging = bufferManager.acquireBuffer(size, READ_USAGE);
    try {
      own.ensureCommandEncoderReady();
      own.endComputePassEncoder();
      own.commandEncoder!.copyBufferToBuffer(buffer, 0, staging, 0, size);
      await (submitted ??= Promise.resolve().then(() => {
        submitted = null;
        if (own.commandEncoder === null) return;
        own.endComputePassEncoder();
        own.submitQueue();
      }));
      return await mappedCopy(staging, size);
    } finally {
      bufferManager.releaseBuffer(staging);
    }
  };
}

/** The first bytes of a buffer with MAP_READ, once the commands that were submitted before are done. */
export async function mappedCopy(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  await buffer.mapAsync(GPUMapMode.READ, 0, bytes);
  try {
    return buffer.getMappedRange(0, bytes).slice(0);
  } finally {
    // No command could use it again if it stayed mapped.
    buffer.unmap();
  }
}

/** The count of dispatches at which tfjs submits, a setting that all its backends share. */
function dispatchesPerSubmit(): number {
  return tf.env().getNumber("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE");
}

/** Numbers to upload, as 32-bit words; empty if there are none, null for what tfjs itself must handle. */
function wordsOf(
  { dtype, values }: TensorData,
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | null {
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") return null;
  const none = values === null || values === undefined;
  if (dtype !== "float32") return Int32Array.from(none ? [] : values);
  if (values instanceof Float32Array) return values as Float32Array<ArrayBuffer>;
  return Float32Array.from(none ? [] : values);
}

/** Takes the buffer of a disposed tensor, the last one of that size; null if there is none. */
function disposedBuffer(own: Unexported, bytes: number): GPUBuffer | null {
  for (let i = own.tensorDataPendingDisposal.length - 1; i >= 0; i--) {
    const data = own.tensorMap.get(own.tensorDataPendingDisposal[i]!);
    const { resource, external } = data;
    if (external || !(resource instanceof GPUBuffer) || resource.size !== bytes) continue;
    if (resource.usage !== TENSOR_USAGE || hostWritten.get(own)?.has(resource)) continue;
    data.resource = null;
    return resource;
  }
  return null;
}

/** Commands that can be recorded again. Dispose them: until then their buffers are kept. */
export interface LoggedCommands {
  /** Number of dispatches. */
  readonly dispatches: number;
  /** Records them after all earlier operations. */
  record(): void;
  /**
   * Gives their buffers to others, after a submit if they were recorded again since the last one: dispose what
   * they use afterwards. A second call does nothing.
   */
  dispose(): void;
}

/** tfjs's command encoder and the buffers of its tensors. */
export class TfjsWebgpu {
  readonly #backend: Unexported;

  /**
   * @param backend tfjs's WebGPU backend.
   * @throws {FailureError} If this version of tfjs lacks a member that is used here.
   */
  constructor(backend: unknown) {
    this.#backend = knownMembers(backend);
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

  /** Counts a dispatch that was recorded; submits if there are many. */
  dispatched(): void {
    this.#dispatchedMany(1);
  }

  /**
   * Does work that records commands, which are kept to be recorded again: with the same buffers, which nobody else
   * gets, and without the host's part of the work. Nothing is submitted meanwhile.
   *
   * @returns null if they cannot be recorded again.
   */
  logged(work: () => void): LoggedCommands | null {
    const own = this.#backend, encoder = this.encoder();
    const { uniformPendingDisposal: uniforms, tensorDataPendingDisposal: tensors } = own;
    const before = { uniforms: uniforms.length, tensors: tensors.length };
    const dispatches = own.dispatchCountInPass;
    own.dispatchCountInPass = -Infinity;
    hostWritten.set(own, new Set());
    let log: CommandLog | null = null;
    try {
      log = logCommands(encoder, () => {
        work();
        own.endComputePassEncoder();
      });
    } finally {
      hostWritten.delete(own);
      if (own.commandEncoder === encoder) own.dispatchCountInPass = dispatches;
    }
    if (log === null || own.commandEncoder !== encoder) return null;
    const kept = {
      uniforms: uniforms.splice(before.uniforms),
      tensors: tensors.splice(before.tensors),
    };
    this.#dispatchedMany(log.dispatches);
    const { dispatches: count } = log;
    let last: GPUCommandEncoder | null = null;
    return {
      dispatches: count,
      record: () => {
        last = this.encoder();
        recordLog(log, last);
        this.#dispatchedMany(count);
      },
      dispose: () => {
        // tfjs does not know what these use: buffers given back would be written before they run.
        if (last !== null && own.commandEncoder === last) this.submit();
        last = null;
        own.uniformPendingDisposal.push(...kept.uniforms.splice(0));
        own.tensorDataPendingDisposal.push(...kept.tensors.splice(0));
      },
    };
  }

  #dispatchedMany(count: number): void {
    this.#backend.dispatchCountInPass += count;
    if (this.#backend.dispatchCountInPass >= dispatchesPerSubmit()) this.submit();
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
