/** @file HTML with everything escaped that is not HTML already. Knows nothing of the page. */

export interface Html {
  readonly html: string;
}

type Content = Html | string | number | null | undefined | false | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}

function rendered(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (typeof content === "string" || typeof content === "number") return escaped(String(content));
  return "html" in content ? content.html : content.map(rendered).join("");
}

/** Strings and numbers are escaped, `Html` stands as it is, null and false are nothing. Attributes must be quoted in the template. */
export function html(template: readonly string[], ...contents: readonly Content[]): Html {
  return { html: template.map((text, index) => text + rendered(contents[index])).join("") };
}

/** Text in which backticks mark code. */
export function prose(text: string): Html {
  return html`${text.split(/`([^`]*)`/).map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

/** For markup that another library has written and escaped. */
export function trusted(markup: string): Html {
  return { html: markup };
}

/** JSON that can neither end its script element nor open a comment. */
export function scriptJson(value: unknown): Html {
  return trusted(JSON.stringify(value).replace(/</g, "\\u003c"));
}

/** Hyphens before figures as minus signs, which are as wide as a plus. */
export function typographic(text: string): string {
  return text.replace(/(^|[\s[(=])-(?=\d)/g, "$1−");
}
