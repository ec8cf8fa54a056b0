import type { Chip } from "./ports.ts";

/** Floating inputs whose lowest bits are noise: the ADC1 pins without pull-ups. Reading them disturbs nothing that is wired there. */
const NOISE_PINS = ["D36", "D39", "D34", "D35"];

/**
 * Espruino's random numbers (`E.hwRand` too) repeat at every boot, and TLS draws on the same source, so they are seeded
 * from the MAC address (`process.env.SERIAL` on ESP32), the clock and ADC noise.
 */
function seedChance(): void {
  const env = (process as unknown as EspruinoProcess).env;
  let seed = env.SERIAL + getTime();
  if (env.BOARD.startsWith("ESP32")) {
    for (let round = 0; round < 4; round++) {
      for (const pin of NOISE_PINS) seed += analogRead(pin as unknown as Pin);
    }
  }
  E.srand(E.CRC32(seed) | 0);
}

/** Memory, chance and watchdog. */
export function createChip(): Chip {
  // On its own: its locals would stay in the scope of the functions below (50 JsVars).
  seedChance();
  return {
    memory: () => (process as unknown as EspruinoProcess).memory(),
    random: Math.random,
    startWatchdog(timeoutMs) {
      // Whole seconds on ESP32. Kicked by hand: the automatic one is kicked by an idle loop that has lost all its timers.
      E.enableWatchdog(Math.ceil(timeoutMs / 1000), false);
    },
    kickWatchdog: E.kickWatchdog,
  };
}
