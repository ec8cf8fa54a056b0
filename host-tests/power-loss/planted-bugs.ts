/**
 * Bugs that other storage code had, planted into copies of our sources: the protocol's point 7. A suite that misses one
 * is broken.
 */
export interface PlantedBug {
  name: string;
  edits: { file: string; find: string; put: string }[];
}

export const PLANTED_BUGS: PlantedBug[] = [
  {
    name: "header trusted without its CRC",
    edits: [{ file: "format/page.ts", find: " || crc32(bytes) !== CRC_RESIDUE) return", put: ") return" }],
  },
  {
    name: "page used without the blank check",
    edits: [
      {
        file: "proven-flash.ts",
        find: "if (isBlank(region, address, region.pageBytes)) return true;",
        put: "return true;",
      },
    ],
  },
  {
    name: "a check like CRC-8 in place of the constant-weight words",
    edits: [
      {
        file: "format/code-words.ts",
        find: "INDEX[byte] = ones === 4 ? index : TORN;",
        put: "INDEX[byte] = ones === 4 ? index : ones > 4 && byte < 255 && byte % 16 === 15 ? byte % 65 : TORN;",
      },
    ],
  },
  {
    name: "torn bytes zeroed",
    edits: [
      {
        file: "ring/writer.ts",
        find: "const length = encodeSample(",
        put: `if (s.rebase && page.lost) {
            region.flash.write(new Uint8Array(1), page.address + page.end - 1);
            page.lost = false;
          }
          const length = encodeSample(`,
      },
    ],
  },
  {
    name: "ledger bank erased before its successor is whole",
    edits: [
      {
        file: "ledger/banks.ts",
        find: "entry.set(kept);",
        put: "entry.set(kept); if (old >= 0) eraseVerified(region, region.address + old * bankBytes);",
      },
    ],
  },
  {
    name: "cursor advanced before SENT",
    edits: [
      {
        file: "ledger/state.ts",
        find: "a.attempt = attempt;",
        put: "a.attempt = attempt; a.cursor = attempt.to;",
      },
    ],
  },
  {
    name: "tail found byte by byte",
    edits: [
      {
        file: "ring/tail.ts",
        find: "let lastUsed = 0;",
        put: `for (let at = WORDS_AT; at < region.pageBytes; at++) {
          if (region.flash.read(1, page.address + at)[0] === 255) return at;
        }
        let lastUsed = 0;`,
      },
      { file: "ring/find-page.ts", find: "page.at = page.end + page.words;", put: "page.at = page.end;" },
    ],
  },
  {
    name: "a DROP counted twice",
    edits: [
      { file: "ledger/state.ts", find: "if (!isAhead(to, a.cursor)) return false;", put: "" },
      {
        file: "ledger/writing.ts",
        find: "record(ledger, DROP, DROP_AT.bytes);",
        put: "record(ledger, DROP, DROP_AT.bytes); record(ledger, DROP, DROP_AT.bytes);",
      },
    ],
  },
  {
    name: "fix forgotten before it stands in the archive",
    edits: [
      {
        file: "ledger/room.ts",
        find: "if (!archive.append(fix, bytes, fixes)) return;",
        put: `const copy = new Uint8Array(bytes);
          payloadOf(ledger).setUint32(UNFIX_AT.id, fix.id, true);
          record(ledger, UNFIX, UNFIX_AT.bytes);
          if (!archive.append(fix, copy, fixes)) return;`,
      },
    ],
  },
  {
    name: "page of fixes taken for free while pending samples need it",
    edits: [{ file: "ledger/archive.ts", find: "return position - 1;", put: "return position + slots;" }],
  },
  {
    name: "fix of an archive believed without its CRC",
    edits: [
      {
        file: "ledger/archive.ts",
        find: "if (region.crc32(bytes) !== CRC_RESIDUE && mendOneBit(region.crc32, bytes) < 0) return undefined;",
        put: "",
      },
    ],
  },
  {
    name: "programs not read back",
    edits: [
      {
        file: "proven-flash.ts",
        find: "for (let reads = 0; reads < 2; reads++) {",
        put: "for (let reads = 0; reads < 2; reads++) { return true;",
      },
    ],
  },
  {
    name: "unstable cells not waited for",
    edits: [{ file: "proven-flash.ts", find: "const STEADY_READS = 8;", put: "const STEADY_READS = 1;" }],
  },
];
