import type { Parameters } from "../../src/core/parameters.ts";
import { resnetNetwork } from "../../src/nn/resnet/network.ts";
import { parametersOf } from "./fixture_network.ts";
import { type FixtureArray, type FixtureTensors, readFixture } from "./fixtures.ts";

/** `flow_matching.json`: a resnet, a point on the probability path, and what PyTorch finds there. */
export interface FlowMatchingFixture {
  readonly n_filters: number;
  readonly n_blocks: number;
  readonly state_dict: FixtureTensors;
  readonly x0: FixtureArray;
  readonly x1: FixtureArray;
  readonly t: FixtureArray;
  readonly xt: FixtureArray;
  readonly target: FixtureArray;
  readonly out: FixtureArray;
  readonly loss: FixtureArray;
  readonly grad: FixtureTensors;
}

export const fixture = readFixture<FlowMatchingFixture>("flow_matching");

// NCHW with one channel is NHWC.
const [count, channels, height, width] = fixture.xt.shape as [number, number, number, number];

/** The fixture's network. */
export const network = resnetNetwork({
  height,
  width,
  channels,
  filters: fixture.n_filters,
  blocks: fixture.n_blocks,
});

export const layout = network.layout;

/** Rows and width of the fixture's images, flattened. */
export const shape: [number, number] = [count, height * width * channels];

/** The fixture's weights on the current backend; dispose them. */
export function fixtureParameters(): Parameters {
  return parametersOf(layout, fixture.state_dict);
}
