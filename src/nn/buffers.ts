import type { Network } from "./network.ts";
import { embeddingFrequencies } from "./time_embedding.ts";

/** A constant tensor that PyTorch's state_dict of a network holds beside its parameters. */
export interface BufferTensor {
  /** PyTorch's name without a leading `model.`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The buffers of a network: the frequencies of each of its time embeddings. */
export function bufferTensors(network: Network): readonly BufferTensor[] {
  const frequencies = (name: string, width: number): BufferTensor => ({
    name,
    shape: [width / 2],
    values: embeddingFrequencies(width),
  });
  switch (network.kind) {
    case "mlp":
      return [frequencies("t_proj.freqs", network.hidden)];
    case "resnet":
      return Array.from(
        { length: network.blocks },
        (_, block) => frequencies(`layers.${block}.embedding.freqs`, network.filters),
      );
    case "unet":
      return [frequencies("time.0.freqs", network.filters)];
    default:
      return network satisfies never;
  }
}
