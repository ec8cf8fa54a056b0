/** "1 datastream", "3 datastreams". */
export function datastreamCount(count: number): string {
  return `${count} ${count === 1 ? "datastream" : "datastreams"}`;
}
