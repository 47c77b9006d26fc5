/** @file Positions of labels that would overlap, moved apart by as little as possible. Knows nothing of text. */

interface Block {
  /** Indices of the labels in it, in order of position. */
  readonly members: readonly number[];
  /** Mean of where the first member would have to be for each member to be where it wants. */
  readonly begin: number;
}

/**
 * Least-squares positions from 0 to `length` with at least `gap` between neighbours, order kept (pool adjacent violators, whose solution
 * is clipped to the bounds; Barlow et al. 1972). Labels that need more than `length` begin at 0 and run over.
 * @param wanted in pixels, any order. @returns in the order of `wanted`.
 */
export function spreadLabels(wanted: readonly number[], gap: number, length: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b] || a - b);
  const blocks: Block[] = [];
  for (const index of order) {
    let block: Block = { members: [index], begin: wanted[index] };
    for (let last = blocks.at(-1); last; last = blocks.at(-1)) {
      const size = last.members.length;
      if (last.begin + size * gap <= block.begin) break;
      blocks.pop();
      const count = block.members.length;
      block = {
        members: [...last.members, ...block.members],
        begin: (last.begin * size + (block.begin - size * gap) * count) / (size + count),
      };
    }
    blocks.push(block);
  }
  const positions = new Array<number>(wanted.length);
  const slack = Math.max(0, length - (wanted.length - 1) * gap);
  let before = 0;
  for (const { members, begin } of blocks) {
    const clipped = Math.min(slack, Math.max(0, begin - before * gap));
    members.forEach((index, place) => {
      positions[index] = clipped + (before + place) * gap;
    });
    before += members.length;
  }
  return positions;
}
