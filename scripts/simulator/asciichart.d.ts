declare module "asciichart" {
  /** Lines of text, `height` rows above each other. */
  export function plot(series: number[], options?: { height?: number }): string;
}
