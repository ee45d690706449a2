// A few words for building the page by hand, and for writing numbers.

import type { Interval } from "./types";

type Child = Node | string | null | undefined | false;
type Props = Record<string, unknown>;

/** `h("button.primary", { onclick }, "Touch")`: an element with its classes, properties (`aria-*`, `data-*` as attributes) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K | `${K}.${string}`,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name ?? "div") as HTMLElementTagNameMap[K];
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("aria-") || key.startsWith("data-") || key === "role" || key === "for" || key === "list")
      node.setAttribute(key, String(value));
    else (node as unknown as Props)[key] = value;
  }
  node.append(...children.filter((c): c is Node | string => c !== null && c !== undefined && c !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element with its attributes. */
export function s(tag: string, attributes: Record<string, string | number> = {}, ...children: (Node | string)[]): SVGElement {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.append(...children);
  return node;
}

export function byId(id: string): HTMLElement {
  const node = document.getElementById(id);
  if (!node) throw new Error(`no #${id} in the page`);
  return node;
}

/** A number with `digits` decimals and a true minus sign; no minus before a nought. */
export function plain(value: number, digits = 0): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Digits that the interval deserves, 0 to `most`. */
export function digitsFor(figure: Interval, most = 2): number {
  const half = (figure.high - figure.low) / 2;
  if (!(half > 0)) return Number.isInteger(figure.value) ? 0 : most;
  return Math.max(0, Math.min(most, Math.ceil(-Math.log10(half / 3))));
}

/** "279 ± 1" or, where the interval is lopsided, "2.1 (1.8–3.4)". */
export function spread(figure: Interval | null | undefined, most = 2, sign = false): string {
  if (!figure || !Number.isFinite(figure.value)) return "–";
  const d = digitsFor(figure, most);
  const shown = plain(figure.value, d);
  const head = (sign && figure.value > 0 && Number(shown) !== 0 ? "+" : "") + shown;
  const up = figure.high - figure.value,
    down = figure.value - figure.low;
  if (!(up + down > 0)) return head;
  if (Math.abs(up - down) > 0.35 * (up + down)) return `${head} (${plain(figure.low, d)} to ${plain(figure.high, d)})`;
  return `${head} ± ${plain((up + down) / 2, d)}`;
}

/** A value with a prefix that keeps it readable: 0.0031 J -> "3.1 mJ". */
export function scaled(value: number, unit: string, digits = 3): string {
  const size = Math.abs(value);
  if (!(size > 0)) return `0 ${unit}`;
  for (const [factor, prefix] of [
    [1, ""],
    [1e-3, "m"],
    [1e-6, "µ"],
    [1e-9, "n"],
  ] as const) {
    if (size >= factor)
      return `${plain(value / factor, Math.max(0, digits - 1 - Math.floor(Math.log10(size / factor))))} ${prefix}${unit}`;
  }
  return `${plain(value / 1e-9, 2)} n${unit}`;
}

export const still = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
