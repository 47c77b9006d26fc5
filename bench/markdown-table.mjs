/** @file Rows of named cells as a Markdown table. Knows nothing of what they say. */

/** @param rows objects; the columns are those of the first that has them, in the order of their appearance. An absent cell stays empty. */
export function markdownTable(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const body = rows.map((row) => line(columns.map((column) => row[column] ?? "")));
  return [line(columns), `|${columns.map(() => "---").join("|")}|`, ...body].join("\n");
}
