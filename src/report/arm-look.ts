/** @file How an arm is drawn, the same in every chart. */

export interface SeriesLook {
  readonly color: string;
  /** SVG dash pattern: the second way to tell series apart, for print and for those who see no colour. */
  readonly dash: string;
  /** The same for dots. */
  readonly symbol: (typeof symbols)[number];
}

/** Of Observable Plot. One more than the colours, so that arms beyond those differ in shape. */
const symbols = ["cross", "circle", "diamond", "triangle", "square", "star", "wye"] as const;

const dashes = ["none", "7 3", "2 2", "9 3 2 3", "12 4", "4 4"];

/** The colours are set by the page, for light and dark; `series` is its number there. */
export function seriesLook(series: number): SeriesLook {
  const index = series % dashes.length;
  return { color: `var(--series-${index})`, dash: dashes[index], symbol: symbols[series % symbols.length] };
}

/** @param arms in the order of the record: `full` is the first and is drawn in the colour of the text. */
export function armLook(arms: readonly string[], arm: string): SeriesLook {
  return seriesLook(Math.max(0, arms.indexOf(arm)));
}
