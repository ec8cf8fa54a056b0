/**
 * Flash operations of a StorageFile (Espruino 2v29, src/jswrap_storage.c and jsflash.c), for comparison on the same workload.
 * A chunk is a file of one page less its header; an append is a search for the file and one program, two at a chunk's end. Chunks
 * are erased when the file is deleted and Storage compacts: counted as one erase a page of lines, without compaction's copies.
 */
export class StorageFileModel {
  readonly counts = { programs: 0, bytes: 0, erases: 0, lines: 0 };
  private readonly pageBytes: number;
  private readonly headerBytes = 32;
  private left = 0;

  constructor(pageBytes: number) {
    this.pageBytes = pageBytes;
  }

  append(line: string): void {
    this.counts.lines++;
    let bytes = line.length;
    if (bytes >= this.left) {
      if (this.left > 0) this.program(this.left);
      bytes -= this.left;
      this.left = this.pageBytes - this.headerBytes;
      this.program(this.headerBytes);
      this.counts.erases++;
    }
    if (bytes > 0) this.program(bytes);
    this.left -= bytes;
  }

  private program(bytes: number): void {
    this.counts.programs++;
    this.counts.bytes += bytes;
  }
}
