/** The program that formats numbers as the firmware does, for numbers.test.ts. */
import { decimalText } from "../../../firmware/storage/format/decimal.ts";

(globalThis as unknown as { decimalTexts: unknown }).decimalTexts = (values: number[], decimals: number) =>
  values.map((value) => decimalText(value, decimals));
