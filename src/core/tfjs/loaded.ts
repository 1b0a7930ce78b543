/** Loads tfjs: programs that call synchronous functions on tensors may do so at once. */
import * as library from "@tensorflow/tfjs";
import { provideTensors } from "./on_demand.ts";

provideTensors(library);

export * from "@tensorflow/tfjs";
