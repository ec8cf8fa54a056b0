/**
 * Mean of `averageOf` readings in a row, as a fraction of full scale, 0 to 1. On ESP32 only ADC1's pins D32 to D39 (ADC2 is
 * the radio's).
 */
export function readAnalog(pin: string, averageOf: number): number {
  const input = new Pin(pin);
  let sum = 0;
  for (let i = 0; i < averageOf; i++) sum += analogRead(input);
  return sum / averageOf;
}
