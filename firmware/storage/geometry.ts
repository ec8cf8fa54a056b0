/** How a region is divided: two ledger banks at its start, the ring behind them (FORMAT.md, "Region"). */
import { LIMITS } from "../limits.ts";

/** Pages of one of the ledger's two banks. */
export function bankPagesOf(pageBytes: number): number {
  // An integer by `|`: Math.ceil gives a float on Espruino, which is not an address (src/jswrap_flash.c refuses it).
  return ((LIMITS.ledgerBankBytes + pageBytes - 1) / pageBytes) | 0;
}

/** Pages of the ring in a region of `regionPages`. Not above 0 when the region is too small for the banks. */
export function ringPagesOf(regionPages: number, pageBytes: number): number {
  return regionPages - 2 * bankPagesOf(pageBytes);
}

/**
 * Ring pages that this many datastreams need: two each and three more. One always stays free, and one may hold fixes. More than
 * that may hold fixes only where the region has more pages.
 */
export function pagesNeeded(datastreams: number): number {
  return 2 * datastreams + 3;
}
