import { type DeviceLimits, mostBindingBytes, requireBindable } from "./limits.ts";

/** A buffer of a {@link BufferPool} with counted uses. `using` ends a use, also if what follows throws. */
export interface PooledBuffer extends Disposable {
  /** May be larger than `bytes`. */
  readonly buffer: GPUBuffer;
  /** Bytes that were asked for, a multiple of 4. */
  readonly bytes: number;
  /** Adds a use, for another owner; each is ended by a `release`. */
  retain(): PooledBuffer;
  /** Ends a use. After the last the pool gives the buffer to others; commands recorded before still run. */
  release(): void;
}

/** What a {@link BufferPool} needs to know of its device. */
export interface PoolDevice {
  readonly device: GPUDevice;
  readonly limits: DeviceLimits;
  /** The encoder of commands that are not yet submitted; null if there are none. */
  readonly encoder: () => object | null;
}

/** A buffer that nobody uses. */
interface IdleBuffer {
  readonly buffer: GPUBuffer;
  /** The encoder at its release: while it is the current one, recorded commands may use the buffer. */
  readonly encoder: object | null;
}

/** Bytes of idle buffers that a pool keeps for later. */
const MOST_IDLE_BYTES = 2 ** 28;

/** Sizes are rounded up so that similar requests share buffers. */
function sizeClass(bytes: number): number {
  if (bytes > 2 ** 20) return Math.ceil(bytes / 2 ** 20) * 2 ** 20;
  return Math.max(256, 2 ** Math.ceil(Math.log2(bytes)));
}

/**
 * Reused storage buffers of a device.
 *
 * With `written: "device"` a released buffer may be taken at once, since commands run in order. With
 * `written: "host"` it waits for the submit: `writeBuffer` takes effect before all commands that are
 * recorded and not submitted, whenever it is called.
 */
export class BufferPool {
  readonly #at: PoolDevice;
  readonly #usage: number;
  readonly #written: "device" | "host";
  readonly #idle = new Map<number, IdleBuffer[]>();
  readonly #used = new Set<GPUBuffer>();
  /** Buffers of commands that will be recorded again, which nobody gets, and whether somebody uses them still. */
  readonly #withheld = new Map<GPUBuffer, "used" | "free">();
  /** Those taken since {@link noteTaken}. */
  #taken: Set<GPUBuffer> | null = null;
  #idleBytes = 0;
  #made = 0;

  constructor(at: PoolDevice, { usage, written }: {
    readonly usage: number;
    readonly written: "device" | "host";
  }) {
    this.#at = at;
    this.#usage = usage;
    this.#written = written;
  }

  /** Number of buffers created so far. */
  get made(): number {
    return this.#made;
  }

  /** Bytes of all buffers, used and idle. */
  get bytes(): number {
    const free = [...this.#withheld].flatMap(([buffer, state]) => state === "free" ? [buffer] : []);
    return [...this.#used, ...free].reduce((sum, { size }) => sum + size, this.#idleBytes);
  }

  /** Number of buffers in use. */
  get used(): number {
    return this.#used.size;
  }

  /**
   * A buffer of undefined contents with one use, which the caller ends by `release`.
   *
   * @throws {RangeError} If `bytes` is not a positive multiple of 4.
   * @throws {FailureError} If it is more than a binding of this device can reach.
   */
  take(bytes: number): PooledBuffer {
    if (!(Number.isSafeInteger(bytes) && bytes > 0 && bytes % 4 === 0)) {
      throw new RangeError(`GPU buffer: expected a positive multiple of 4 bytes, got ${bytes}`);
    }
    requireBindable(bytes, this.#at.limits);
    const most = mostBindingBytes(this.#at.limits);
    const size = Math.min(sizeClass(bytes), most - most % 4);
    return this.#counted(this.#reused(size) ?? this.#create(size), bytes);
  }

  #counted(buffer: GPUBuffer, bytes: number): PooledBuffer {
    this.#used.add(buffer);
    this.#taken?.add(buffer);
    let uses = 1;
    const pooled: PooledBuffer = {
      buffer,
      bytes,
      retain: () => {
        if (uses === 0) throw new RangeError("GPU buffer: retained after its last use");
        uses++;
        return pooled;
      },
      release: () => {
        if (uses === 0) throw new RangeError("GPU buffer: released once too often");
        if (--uses === 0) this.#giveBack(buffer);
      },
      [Symbol.dispose]: () => pooled.release(),
    };
    return pooled;
  }

  #create(size: number): GPUBuffer {
    this.#made++;
    return this.#at.device.createBuffer({ size, usage: this.#usage });
  }

  /** Whether commands that are not submitted may use an idle buffer. */
  #isRecorded({ encoder }: IdleBuffer): boolean {
    return encoder !== null && encoder === this.#at.encoder();
  }

  #reused(size: number): GPUBuffer | null {
    const idle = this.#idle.get(size) ?? [];
    const index = idle.findIndex((one) => this.#written === "device" || !this.#isRecorded(one));
    if (index < 0) return null;
    this.#idleBytes -= size;
    return idle.splice(index, 1)[0]!.buffer;
  }

  #giveBack(buffer: GPUBuffer): void {
    // After close() it is destroyed.
    if (!this.#used.delete(buffer)) return;
    if (this.#withheld.has(buffer)) this.#withheld.set(buffer, "free");
    else this.#addIdle(buffer);
  }

  #addIdle(buffer: GPUBuffer): void {
    const idle = this.#idle.get(buffer.size) ?? [];
    this.#idle.set(buffer.size, idle);
    idle.push({ buffer, encoder: this.#at.encoder() });
    this.#idleBytes += buffer.size;
    if (this.#idleBytes > MOST_IDLE_BYTES) this.#trim();
  }

  /** Removes a buffer from the idle ones; false if it is in use. */
  #removeIdle(buffer: GPUBuffer): boolean {
    const idle = this.#idle.get(buffer.size) ?? [];
    const index = idle.findIndex((one) => one.buffer === buffer);
    if (index < 0) return false;
    idle.splice(index, 1);
    this.#idleBytes -= buffer.size;
    return true;
  }

  /** Notes what is taken, until `withhold()`. */
  noteTaken(): void {
    this.#taken = new Set();
  }

  /**
   * Gives the buffers noted to nobody, whoever releases them.
   *
   * @returns Ends this; a second call does nothing.
   */
  withhold(): () => void {
    const buffers = [...this.#taken ?? []];
    this.#taken = null;
    for (const buffer of buffers) {
      this.#withheld.set(buffer, this.#removeIdle(buffer) ? "free" : "used");
    }
    return () => {
      for (const buffer of buffers.splice(0)) {
        const state = this.#withheld.get(buffer);
        this.#withheld.delete(buffer);
        if (state === "free") this.#addIdle(buffer);
      }
    };
  }

  /** Destroys idle buffers, largest first, until few enough are kept. A submit of a destroyed buffer fails. */
  #trim(): void {
    const sizes = [...this.#idle.keys()].sort((a, b) => b - a);
    for (const size of sizes) {
      const idle = this.#idle.get(size)!;
      for (let i = idle.length - 1; i >= 0 && this.#idleBytes > MOST_IDLE_BYTES; i--) {
        if (this.#isRecorded(idle[i]!)) continue;
        idle.splice(i, 1)[0]!.buffer.destroy();
        this.#idleBytes -= size;
      }
    }
  }

  /** Destroys all buffers, used ones too. */
  close(): void {
    for (const buffer of [...this.#used, ...this.#withheld.keys()]) buffer.destroy();
    for (const idle of this.#idle.values()) for (const { buffer } of idle) buffer.destroy();
    this.#used.clear();
    this.#withheld.clear();
    this.#idle.clear();
    this.#idleBytes = 0;
  }
}
