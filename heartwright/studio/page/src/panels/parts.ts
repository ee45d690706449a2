// Pieces that several panels share: sliders that send once let go, and headings.

import { h, plain } from "../dom";
import type { Span } from "../types";

export interface SliderHandle {
  node: HTMLElement;
  input: HTMLInputElement;
  set(value: number): void;
  value(): number;
}

function digits(span: Span): number {
  const step = (span.high - span.low) / 30;
  return Math.max(0, Math.min(5, Math.ceil(-Math.log10(Math.max(step, 1e-9)))));
}

export function withUnit(value: number, unit: string, d: number): string {
  const u = unit === "deg" ? "°" : unit === "degC" || unit === "C" ? " °C" : unit === "um" ? " µm" : unit ? ` ${unit}` : "";
  return `${plain(value, d)}${u}`;
}

/** A labelled slider; `done` is called when it is let go (and not while `set` from outside). */
export function slider(label: string, span: Span, value: number, done?: (value: number) => void, title?: string): SliderHandle {
  const d = digits(span);
  const step = 10 ** -d;
  const input = h("input", {
    type: "range",
    min: String(span.low),
    max: String(span.high),
    step: String(step),
    "aria-label": label,
    title,
  });
  const shown = h("output");
  const show = () => {
    shown.textContent = withUnit(input.valueAsNumber, span.unit, d);
    input.style.setProperty("--at", `${(100 * (input.valueAsNumber - span.low)) / (span.high - span.low || 1)}%`);
  };
  input.valueAsNumber = value;
  let held = false;
  input.oninput = () => {
    held = true;
    show();
  };
  input.onchange = () => {
    held = false;
    show();
    done?.(input.valueAsNumber);
  };
  show();
  return {
    node: h("label.slider", {}, h("span", {}, label), shown, input),
    input,
    value: () => input.valueAsNumber,
    set: (v) => {
      if (!held && document.activeElement !== input && Number.isFinite(v)) {
        input.valueAsNumber = v;
        show();
      }
    },
  };
}

export const heading = (text: string, hint = ""): HTMLElement =>
  h("div.heading", {}, h("h3", {}, text), hint ? h("p.hint", {}, hint) : null);

/** A share 0..1 with its interval as a bar with a whisker. */
export function bar(
  name: string,
  value: number | null,
  low: number | null,
  high: number | null,
  note: string,
  strong = false,
): HTMLElement {
  const at = (x: number) => `${Math.max(0, Math.min(100, 100 * x))}%`;
  const rail = h("div.rail", {});
  if (value !== null) {
    const fill = h("i.fill");
    fill.style.width = at(value);
    rail.append(fill);
    if (low !== null && high !== null) {
      const w = h("i.whisker");
      w.style.left = at(low);
      w.style.width = `calc(${at(high)} - ${at(low)})`;
      rail.append(w);
    }
  }
  return h(strong ? "div.barline.strong" : "div.barline", {}, h("span.name", {}, name), rail, h("span.note", {}, note));
}
