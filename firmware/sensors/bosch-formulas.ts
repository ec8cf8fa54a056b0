/**
 * Bosch's compensation, in the form for doubles (BST-BME280-DS002 rev. 1.6, 8.1; BST-BMP280-DS001 rev. 1.26, 8.1): its numbers
 * stay within 2^53, while the one for integers needs 64 bits. The numbers dig_… are read from the calibration registers as they
 * lie there: 0x88 to 0xA1 for temperature and pressure, lowest byte first (BME280 4.2.2, table 16).
 */

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at] + bytes[at + 1] * 256;
}

function s16(bytes: Uint8Array, at: number): number {
  const value = u16(bytes, at);
  return value < 0x8000 ? value : value - 0x10000;
}

/** t_fine. dig_T1 is unsigned, dig_T2 and dig_T3 are signed. */
export function fineTemperature(calibration: Uint8Array, adc: number): number {
  const digT1 = u16(calibration, 0);
  const offset = adc / 131072 - digT1 / 8192;
  return (adc / 16384 - digT1 / 1024) * s16(calibration, 2) + offset * offset * s16(calibration, 4);
}

/** °C of t_fine. */
export function celsius(fine: number): number {
  return fine / 5120;
}

/** In Pa. dig_P1 is unsigned, dig_P2 to dig_P9 are signed. Infinity or NaN if dig_P1 is 0. */
export function airPressure(calibration: Uint8Array, adc: number, fine: number): number {
  const a = fine / 2 - 64000;
  const p2 = s16(calibration, 8);
  const p3 = s16(calibration, 10);
  const p4 = s16(calibration, 12);
  const p5 = s16(calibration, 14);
  const p6 = s16(calibration, 16);
  const offset = ((a * a * p6) / 32768 + a * p5 * 2) / 4 + p4 * 65536;
  const scale = (1 + ((p3 * a * a) / 524288 + p2 * a) / 524288 / 32768) * u16(calibration, 6);
  const p = ((1048576 - adc - offset / 4096) * 6250) / scale;
  const p7 = s16(calibration, 18);
  const p8 = s16(calibration, 20);
  const p9 = s16(calibration, 22);
  return p + ((p9 * p * p) / 2147483648 + (p * p8) / 32768 + p7) / 16;
}

/** Signed number of 12 bits. */
function s12(value: number): number {
  return value < 0x800 ? value : value - 0x1000;
}

/**
 * In %, 0 to 100: the datasheet cuts off what lies beyond. `calibration` holds 0xE1 to 0xE7, in which dig_H4 and dig_H5, signed
 * and of 12 bits each, share the byte 0xE5; dig_H1 lies apart at 0xA1.
 */
export function relativeHumidity(digH1: number, calibration: Uint8Array, adc: number, fine: number): number {
  const h2 = s16(calibration, 0);
  const h3 = calibration[2];
  const h4 = s12(calibration[3] * 16 + (calibration[4] & 15));
  const h5 = s12(calibration[5] * 16 + (calibration[4] >> 4));
  const h6 = calibration[6] < 128 ? calibration[6] : calibration[6] - 256;
  const a = fine - 76800;
  const b = adc - (h4 * 64 + (h5 / 16384) * a);
  const h = b * (h2 / 65536) * (1 + (h6 / 67108864) * a * (1 + (h3 / 67108864) * a));
  const percent = h * (1 - (digH1 * h) / 524288);
  // Written so that NaN stays NaN.
  return percent < 0 ? 0 : percent > 100 ? 100 : percent;
}
