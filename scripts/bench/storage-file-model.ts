/**
 * Flash operations of a StorageFile (Espruino 2v29, src/jswrap_storage.c and jsflash.c), for comparison on the same workload.
 * A chunk is a file of one page less its header. An append searches for the file and programs once, twice at a chunk's end.
 * Chunks are erased when the file is deleted and Storage compacts. Here that is one erase for each page of lines; the copies
 * that compaction makes are left out.
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
