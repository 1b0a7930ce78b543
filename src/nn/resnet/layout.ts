import { type LayerShape, layoutOf, type ParameterLayout } from "../../core/parameters.ts";
import { conv } from "../layers.ts";
import type { ResnetSizes } from "./sizes.ts";

/** The tensors of a ConditionedSimpleResnet, with PyTorch's names and order. */
export function resnetLayout(
  { channels, filters, blocks }: Pick<ResnetSizes, "channels" | "filters" | "blocks">,
): ParameterLayout {
  const layers: LayerShape[] = [conv("first_block.0", [channels, filters], 3)];
  for (let block = 0; block < blocks; block++) {
    layers.push(
      conv(`layers.${block}.block.0`, [filters, filters], 1),
      conv(`layers.${block}.block.2`, [filters, filters], 3),
      conv(`layers.${block}.block.4`, [filters, filters], 1),
    );
  }
  layers.push(conv("last_block.1", [filters, channels], 3));
  return layoutOf(layers);
}
