// For the check that workers compute on a shared memory (shared_memory_check.ts).

/**
 * Squares numbers, and counts its calls.
 *
 * @param count Numbers; a multiple of 16.
 * @param numbers float32 [count].
 * @param calls int32, in the thread's own memory.
 */
export function squareNumbers(count: i32, numbers: usize, calls: usize): void {
  for (const end = numbers + <usize>count * 4; numbers < end; numbers += 4) {
    const x = load<f32>(numbers);
    store<f32>(numbers, x * x);
  }
  store<i32>(calls, load<i32>(calls) + 1);
}
