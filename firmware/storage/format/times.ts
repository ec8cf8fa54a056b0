/** ms of logged uptime: whole, never less than before, over all sessions (clock/clock.ts). */
export type RawMs = number & { readonly unit?: "raw ms" };

/** ms since 1970. */
export type TrueMs = number & { readonly unit?: "true ms" };
