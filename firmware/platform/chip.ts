import type { Chip } from "./ports.ts";

/**
 * Floating inputs whose lowest bits are noise: the ADC1 pins without pull-ups. Reading them disturbs nothing that is wired
 * to them.
 */
const NOISE_PINS = ["D36", "D39", "D34", "D35"];

/**
 * Espruino's random numbers (those of `E.hwRand` too) repeat at every boot, and TLS uses the same source. So they are seeded
 * from the MAC address (`process.env.SERIAL` on ESP32), the clock and ADC noise.
 */
function seedRandom(): void {
  const env = (process as unknown as EspruinoProcess).env;
  let seed = env.SERIAL + getTime();
  if (env.BOARD.startsWith("ESP32")) {
    for (let round = 0; round < 4; round++) {
      for (const pin of NOISE_PINS) seed += analogRead(pin as unknown as Pin);
    }
  }
  E.srand(E.CRC32(seed) | 0);
}

/** Interval at which the substitute for the watchdog looks. */
const LOOK_MS = 60000;

/**
 * Builds with ESP-IDF 5 have no task watchdog: `E.enableWatchdog` and `E.kickWatchdog` do nothing there (jshardware.c, sdkconfig
 * `CONFIG_ESP_TASK_WDT_EN=n`). An interval takes its place. Being one of Espruino's own timers, it restarts a unit whose
 * other timers are lost (out of memory), but not one whose interpreter hangs, nor one that has lost this interval too. It
 * counts its calls, because the clock may be set at any moment.
 */
function substituteWatchdog(): void {
  let looks = 0;
  E.enableWatchdog = (timeoutS) => {
    setInterval(() => {
      // The first look may come right after a kick.
      if (++looks > timeoutS / (LOOK_MS / 1000) + 1) E.reboot();
    }, LOOK_MS);
  };
  E.kickWatchdog = () => {
    looks = 0;
  };
}

/** Memory, random numbers and watchdog. */
export function createChip(): Chip {
  // A function of its own: its locals would stay in the scope of the functions below (50 JsVars).
  seedRandom();
  if ((process as unknown as EspruinoProcess).env.BOARD.indexOf("IDF5") > 0) substituteWatchdog();
  return {
    memory() {
      return (process as unknown as EspruinoProcess).memory();
    },
    random: Math.random,
    startWatchdog(timeoutMs) {
      // Whole seconds on ESP32. Kicked by hand: an idle loop that has lost all its timers still kicks the automatic one.
      E.enableWatchdog(Math.ceil(timeoutMs / 1000), false);
    },
    kickWatchdog: E.kickWatchdog,
  };
}
