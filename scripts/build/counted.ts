/** "1 sample", "2 samples". `many` is the plural, where it is more than an added s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
