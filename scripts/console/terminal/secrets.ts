/** Texts that must never be shown. All output goes through `mask` first. */
export interface Secrets {
  keep(secret: string | undefined): void;
  mask(text: string): string;
}

const HIDDEN = "••••";
/** Masking a shorter text would blank out half the output, and such a text is not a secret. */
const SECRET_CHARS_MIN = 4;

/** A secret of so many letters and digits, a token say, is in no word and no number by chance. */
const UNLIKELY_CHARS = 16;

/**
 * A secret wherever it stands. A short one of letters and digits only as a whole word: a password such as "data" or "12345678"
 * must not make "datastream" or a time unreadable, nor tell by the hole what it is. The letter of an escape such as `\\n` before
 * it is no part of its word.
 */
function placesOf(secret: string): RegExp {
  const escaped = secret.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  if (secret.length >= UNLIKELY_CHARS || !/^[\p{L}\p{N}_]+$/u.test(secret)) return new RegExp(escaped, "gu");
  return new RegExp(`(?:(?<![\\p{L}\\p{N}_])|(?<=\\\\[bfnrt]))${escaped}(?![\\p{L}\\p{N}_])`, "gu");
}

export function createSecrets(): Secrets {
  const kept = new Set<string>();
  return {
    keep(secret) {
      if (secret === undefined || secret.length < SECRET_CHARS_MIN) return;
      // As it is, as JSON writes it, and as a URL writes it.
      for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) kept.add(form);
    },
    mask(text) {
      let masked = text;
      // Longest first: a secret that is part of a longer one must not leave the rest of the longer one readable.
      for (const secret of [...kept].sort((a, b) => b.length - a.length))
        masked = masked.replace(placesOf(secret), HIDDEN);
      // A token in a URL, even one that was never kept.
      return masked.replace(/([?&]token=)[^&\s"']+/g, `$1${HIDDEN}`);
    },
  };
}
