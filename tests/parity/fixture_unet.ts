import type { Parameters } from "../../src/core/parameters.ts";
import { unetNetwork } from "../../src/nn/unet/network.ts";
import { parametersOf } from "./fixture_network.ts";
import type { FixtureArray, FixtureTensors } from "./fixtures.ts";
import json from "./fixtures/unet.json" with { type: "json" };

/** `unet.json`, which `unet_fixture.py` wrote: a UNet with random weights, and what PyTorch finds. */
export interface UnetFixture {
  readonly filters: number;
  readonly state_dict: FixtureTensors;
  readonly x: FixtureArray;
  readonly t: FixtureArray;
  readonly target: FixtureArray;
  readonly out: FixtureArray;
  readonly loss: number;
  readonly grad_x: FixtureArray;
  readonly grad: FixtureTensors;
}

export const fixture: UnetFixture = json;

const [count, channels, height, width] = fixture.x.shape as [number, number, number, number];

/** The fixture's network. */
export const network = unetNetwork({
  height,
  width,
  channels,
  filters: fixture.filters,
});

export const layout = network.layout;

/** Rows and width of the fixture's images, flattened. */
export const shape: [number, number] = [count, height * width * channels];

/** Images of the fixture, [n, c, h, w], as rows of [h, w, c]. */
export function channelsLast({ data }: FixtureArray): Float32Array {
  const rows = new Float32Array(data.length);
  let from = 0;
  for (let image = 0; image < count; image++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let pixel = 0; pixel < height * width; pixel++) {
        rows[(image * height * width + pixel) * channels + channel] = data[from++]!;
      }
    }
  }
  return rows;
}

/** The fixture's weights on the current backend; dispose them. */
export function fixtureParameters(): Parameters {
  return parametersOf(layout, fixture.state_dict);
}
