/**
 * Whose clock a fix was taken from: a part of the format (FORMAT.md, FIX). `checked`: SNTP, and the server's date agreed in
 * that boot.
 */
export const FIX_KIND = { sntp: 1, date: 2, cable: 3, phone: 4, checked: 5 };
