const FIRST_MS = 500;
const MOST_MS = 15_000;

/**
 * How long to wait before attempt number `failures` + 1: doubles with each failure, half of it by chance, so that a thousand
 * pages don't all return in the same instant when their server does. `random` is in 0..1.
 */
export function backoff(failures: number, random: number): number {
  const ceiling = Math.min(MOST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
  return ceiling * (0.5 + 0.5 * random);
}
