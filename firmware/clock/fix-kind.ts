/** Whose clock a fix was taken from: a part of the format (FORMAT.md, FIX). */
export const FIX_KIND = { sntp: 1, date: 2, cable: 3, phone: 4 };
