/** @file Which seeds a boundary search takes: its own from 1 on, those of each held-out part far from all others. */

/** From the first seed of a held-out part to that of the next. */
const apart = 1000;

/** Of one confirmation, and of a set in the search: more would run into those of a confirmation. */
export const mostSeeds = apart - 1;

/** More than were asked for, which the search may give a set where it is close. */
export const furtherSearchSeeds = 2;

/** First seed of a held-out part, from 0: 1001, 2001, ... */
export const firstSeedOf = (part: number): number => apart * (part + 1) + 1;
