/** @file The settings of a language model in a config.json, also of one that sees or hears too. Knows nothing of weights. */

type Config = Readonly<Record<string, unknown>>;

/** The part of a config that describes the language model; the config itself where there is no such part. */
export function textConfig(config: Config | null): Config | null {
  for (const key of ["text_config", "llm_config", "language_config"]) {
    const nested = config?.[key];
    if (isObject(nested)) return nested;
  }
  return config;
}

/** The first of the keys that holds a positive integer; null where none does. */
export function positiveSetting(config: Config | null, ...keys: readonly string[]): number | null {
  for (const key of keys) {
    const value = config?.[key];
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  }
  return null;
}

function isObject(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
