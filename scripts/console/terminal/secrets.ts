/** Texts that must never be shown: whatever is written goes through `mask` first. */
export interface Secrets {
  keep(secret: string | undefined): void;
  mask(text: string): string;
}

const HIDDEN = "••••";
/** What is shorter would blank out half the output and is no secret anyway. */
const SECRET_CHARS_MIN = 4;

export function createSecrets(): Secrets {
  const kept = new Set<string>();
  return {
    keep(secret) {
      if (secret === undefined || secret.length < SECRET_CHARS_MIN) return;
      // As it is, as it stands in JSON, and as it stands in a URL.
      for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) kept.add(form);
    },
    mask(text) {
      let masked = text;
      // Longest first, so that a secret within a longer one leaves nothing of the longer one.
      for (const secret of [...kept].sort((a, b) => b.length - a.length)) masked = masked.replaceAll(secret, HIDDEN);
      // A token that nobody told us about, in a URL.
      return masked.replace(/([?&]token=)[^&\s"']+/g, `$1${HIDDEN}`);
    },
  };
}
