// Strokes of the picture of the odds: dots, lines, the way a dot falls; and words for its figures.

import { plain } from "../dom";

export const now = (): number => performance.now() / 1000;
export const percent = (x: number): string => `${plain(100 * x)} %`;

export function alpha(hex: string, a: number): string {
  const n = Number.parseInt(hex.slice(1), 16);
  return `rgba(${n >> 16},${(n >> 8) & 255},${n & 255},${a})`;
}

export function line(c: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  c.beginPath();
  c.moveTo(x0, y0);
  c.lineTo(x1, y1);
  c.stroke();
}

export function dot(c: CanvasRenderingContext2D, x: number, y: number, r: number, colour: string, hollow: boolean): void {
  c.beginPath();
  c.arc(x, y, hollow ? Math.max(0.8, r - 0.5) : r, 0, Math.PI * 2);
  if (hollow) {
    c.strokeStyle = colour;
    c.stroke();
    return;
  }
  c.fillStyle = colour;
  c.fill();
  c.beginPath();
  c.arc(x - 0.3 * r, y - 0.34 * r, 0.32 * r, 0, Math.PI * 2);
  c.fillStyle = "rgba(255,246,228,.42)";
  c.fill();
}

/** From the mouth sideways, then down under gravity with one small bounce; `age` 0..1. */
export function fall(x0: number, y0: number, x1: number, y1: number, age: number): [number, number] {
  const side = Math.min(1, age / 0.55);
  const x = x0 + (x1 - x0) * side * side * (3 - 2 * side);
  const landing = 0.78;
  if (age < landing) return [x, y0 + (y1 - y0) * (age / landing) ** 2];
  const b = (age - landing) / (1 - landing);
  return [x, y1 - 0.05 * (y1 - y0) * 4 * b * (1 - b)];
}

export function wordFor(figure: string): string {
  return figure
    .replace(
      /_(s_per_day|percent|deg|ms|db|cm3_per_stroke|cm3_s|pa|n|s)$/,
      (_, u: string) =>
        ` [${{ s_per_day: "s/d", percent: "%", deg: "°", ms: "ms", db: "dB", cm3_per_stroke: "cm³ a stroke", cm3_s: "cm³/s", pa: "Pa", n: "N", s: "s" }[u] ?? u}]`,
    )
    .replaceAll("_", " ");
}
