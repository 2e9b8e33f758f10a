/** Heat falls to 1/e in this time, s. */
export const MEMORY_S = 45;
