/** Consecutive pages. */
export interface PageRange {
  readonly first: number;
  readonly count: number;
}

/**
 * Free list of pages: best fit, with adjacent ranges merged, so that solves of other shapes can reuse
 * the memory.
 */
export class PageRanges {
  /** Sorted and not adjacent. */
  readonly #ranges: PageRange[] = [];

  /** Takes `count` pages; returns the first, or null if no range is large enough. */
  take(count: number): number | null {
    let best = -1;
    this.#ranges.forEach((range, i) => {
      if (range.count < count) return;
      if (best < 0 || range.count < this.#ranges[best]!.count) best = i;
    });
    if (best < 0) return null;
    const { first, count: had } = this.#ranges[best]!;
    const rest = had === count ? [] : [{ first: first + count, count: had - count }];
    this.#ranges.splice(best, 1, ...rest);
    return first;
  }

  /** Frees pages. */
  give({ first, count }: PageRange): void {
    const next = this.#ranges.findIndex((range) => range.first > first);
    const at = next < 0 ? this.#ranges.length : next;
    const before = this.#ranges[at - 1], after = this.#ranges[at];
    const joinsBefore = before !== undefined && before.first + before.count === first;
    const joinsAfter = after !== undefined && first + count === after.first;
    const joined = {
      first: joinsBefore ? before.first : first,
      count: (joinsBefore ? before.count : 0) + count + (joinsAfter ? after.count : 0),
    };
    const from = joinsBefore ? at - 1 : at;
    this.#ranges.splice(from, Number(joinsBefore) + Number(joinsAfter), joined);
  }
}
