import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { named, quoted } from "../../core/quoted.ts";
import type { Network } from "../../nn/network.ts";
import type { Standardization } from "../../flows/standardization.ts";
import type { NamedTensor, OtherTensor } from "./safetensors.ts";

/** A tensor of a file, read or of a type that is not. */
export type FoundTensor = NamedTensor | OtherTensor;

/** A decoded state_dict. */
export interface StateDict {
  /** The file's name, for messages. */
  readonly place: string;
  /** All tensors of the file by their names in it. */
  readonly tensors: ReadonlyMap<string, FoundTensor>;
  /** The lead of the weights' names, if the user chose one of several. */
  readonly prefix?: string;
  /** Standardisation from the metadata; null if absent. */
  readonly standardization: Standardization | null;
  /** Training step from the metadata; null if absent. */
  readonly step: number | null;
}

/** Dots of a name after which the rest may be a tensor of a network: wrappers are stacked less deep. */
const MOST_DOTS = 12;

/** Sets of weights shown in a message. */
const SHOWN = 10;

/** What is written for the set whose names have no lead. */
export const NO_LEAD = "none";

/** Leads of what is shaped like the weights, and is none: moments, gradients. */
const NOT_WEIGHTS = /(?:^|\.)(?:optimizer|optim|opt|exp_avg|exp_avg_sq|grads?)\./;

/**
 * Every lead of the names: what wrappers put before a network's own (`module.` of DistributedDataParallel,
 * `_orig_mod.` of torch.compile, `model.`, `net.`, `ema_model.`, also stacked), with its dot; and none.
 *
 * @param prefix The user's choice; with it, the only lead. `none`: names without a lead.
 * @throws {InputError} If no name begins with it.
 */
export function leadsOf({ place, tensors }: StateDict, prefix?: string): readonly string[] {
  if (prefix === NO_LEAD) return [""];
  if (prefix !== undefined) {
    const lead = prefix.endsWith(".") ? prefix : `${prefix}.`;
    if ([...tensors.keys()].some((name) => name.startsWith(lead))) return [lead];
    const there = [...new Set([...tensors.keys()].map((name) => name.replace(/\..*$/s, ".")))];
    throw new InputError(
      `${place}: ${option("prefix", prefix)}: no tensor's name begins so; they begin with ` +
        `${there.slice(0, SHOWN).map((lead) => named(lead)).join(", ")}${
          there.length > SHOWN ? ", ..." : ""
        }`,
    );
  }
  const leads = new Set([""]);
  for (const name of tensors.keys()) {
    for (let dots = 0, at = name.indexOf("."); at >= 0 && dots < MOST_DOTS; dots++) {
      leads.add(name.slice(0, at + 1));
      at = name.indexOf(".", at + 1);
    }
  }
  return [...leads].filter((lead) => !NOT_WEIGHTS.test(lead));
}

/** Whether all tensors of a network are there under a lead, in its shapes. */
export function isComplete(
  tensors: ReadonlyMap<string, FoundTensor>,
  lead: string,
  { layout }: Network,
): boolean {
  return layout.entries.every(({ name, shape }) => {
    const found = tensors.get(lead + name);
    return found?.shape.length === shape.length && found.shape.every((n, i) => n === shape[i]);
  });
}

/** The error for a file with several sets of weights. */
export function severalSets(place: string, leads: readonly string[]): InputError {
  const shown = leads.slice(0, SHOWN).map((lead) => quoted(lead || NO_LEAD, 60)).join(", ");
  return new InputError(
    `${place}: holds ${leads.length} complete sets of weights, with the prefixes ${shown}${
      leads.length > SHOWN ? ", ..." : ""
    }; choose one, such as ${option("prefix", leads.find((lead) => lead !== "") ?? NO_LEAD)}`,
  );
}
