/** @file The arms that lead to a verdict, and which of those that were run stands at each place. Judges nothing. */

/** In the order in which they are tested: each is looked at only where the one before holds. */
export const sequence = ["frozen", "crystal", "random"] as const;
export type SequenceArm = (typeof sequence)[number];

/** The arm, by its name in the records, that stands at a place of the sequence. Of several ranks the lowest is the crystal that counts. */
export function armAt(place: SequenceArm, arms: Iterable<string>): string | undefined {
  const rank = (arm: string) => Number(arm.split(":")[1] ?? 1);
  return [...arms].filter((arm) => new RegExp(`^${place}(:\\d+)?$`).test(arm)).sort((a, b) => rank(a) - rank(b))[0];
}
