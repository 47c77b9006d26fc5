/** @file Finds a key that a JSON object holds twice, which JSON.parse hides. Knows nothing of what the JSON means. */

/** @param json valid JSON. @returns the first key that repeats within one object, or null. */
export function duplicateKey(json: string): string | null {
  // The keys of each open object; null stands for an open array.
  const open: (Set<string> | null)[] = [];
  let atKey = false;
  for (let i = 0; i < json.length; i++) {
    switch (json[i]) {
      case "{":
        open.push(new Set());
        atKey = true;
        break;
      case "[":
        open.push(null);
        atKey = false;
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ",":
        atKey = open[open.length - 1] != null;
        break;
      case '"': {
        const begin = i;
        for (i++; json[i] !== '"'; i++) if (json[i] === "\\") i++;
        const keys = open[open.length - 1];
        if (!atKey || keys == null) break;
        const key: string = JSON.parse(json.slice(begin, i + 1));
        if (keys.has(key)) return key;
        keys.add(key);
        atKey = false;
        break;
      }
    }
  }
  return null;
}
