/** @file Values by a key, as `Map.groupBy`, which Node 20 does not have. Knows nothing of either. */

/** @returns groups in the order of their first members, members in the order of the values. */
export function grouped<Value, Key>(values: Iterable<Value>, keyOf: (value: Value) => Key): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
