import type { Stats } from "./http.gen.ts";
import { askStats } from "./stats.ts";

/** Why lines are not on the map. */
export interface Why {
  /** The commonest first. */
  reasons: readonly { reason: string; count: number }[];
  /** The last lines that were rejected, addresses masked. */
  examples: readonly { reason: string; line: string }[];
}

type Answer = Pick<Stats, "reasons" | "examples">;

/** Asks the server. Rejects with words for people when it can't say. */
export async function loadWhy(): Promise<Why> {
  const response = await askStats().catch(() => null);
  if (response === null) throw new Error("The server can't be reached: try again once the badge says Live.");
  if (!response.ok) throw new Error(`The server doesn't say why: it answers ${response.status}.`);
  return whyOf((await response.json()) as Answer);
}

export function whyOf({ reasons = {}, examples = [] }: Answer): Why {
  return {
    reasons: Object.entries(reasons)
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count),
    examples: [...examples].reverse(),
  };
}
