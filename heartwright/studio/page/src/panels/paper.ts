// The trace of a watch as a timegrapher's paper: time runs to the right, what comes early stands higher, one colour and
// shape a side. The height of the paper is written on it.

import { h, plain } from "../dom";
import type { MicReading, TraceDot } from "../types";
import { COLOURS } from "./plots";

const SHOWN_S = 60;
const HEIGHTS_MS = [0.4, 1, 2, 4, 8, 20, 40, 80, 200, 400, 800, 2000]; // quarters of them are round
const MARGIN = { left: 46, right: 10, top: 10, bottom: 22 };

/** The least round height [ms] that holds nearly all of the dots, and their middle. */
export function paperOf(dots: readonly TraceDot[], beat_ms: number): { middle: number; height: number } {
  if (!dots.length) return { middle: 0, height: 10 };
  const early = dots.map((d) => d[1]).sort((a, b) => a - b);
  const low = early[Math.floor(0.02 * (early.length - 1))] ?? 0,
    high = early[Math.ceil(0.98 * (early.length - 1))] ?? 0;
  const need = Math.min(1.25 * (high - low), beat_ms);
  return { middle: (low + high) / 2, height: HEIGHTS_MS.find((x) => x >= need) ?? beat_ms };
}

export class Paper {
  readonly canvas = h("canvas.paper", { role: "img", "aria-label": "Trace: no beats yet" });
  readonly node = h("div.paper-place", {}, this.canvas);
  private reading: MicReading | null = null;
  private at = 0; // when it came [s of the page]
  height_ms = 0;

  constructor() {
    new ResizeObserver(() => this.draw()).observe(this.node);
  }

  set(reading: MicReading | null): void {
    this.reading = reading;
    this.at = performance.now() / 1000;
    const dots = reading?.trace?.dots ?? [];
    const away = this.shown(dots);
    this.canvas.setAttribute(
      "aria-label",
      away.length
        ? `Trace: ${away.length} beats of the last ${SHOWN_S} seconds on a paper ${plain(this.height_ms)} milliseconds high`
        : "Trace: no beats yet",
    );
    this.draw();
  }

  /** Number of dots on the paper, for tests. */
  get dots(): number {
    return this.shown(this.reading?.trace?.dots ?? []).length;
  }

  private now(): number {
    const r = this.reading;
    if (!r) return 0;
    return r.linked && !r.over ? r.seconds + Math.min(1.5, performance.now() / 1000 - this.at) : r.seconds;
  }

  private shown(dots: readonly TraceDot[]): TraceDot[] {
    const from = this.now() - SHOWN_S;
    const kept = dots.filter((d) => d[0] >= from);
    this.height_ms = paperOf(kept, this.reading?.trace?.beat_ms ?? 200).height;
    return kept;
  }

  draw(): void {
    const wide = this.node.clientWidth,
      high = this.node.clientHeight;
    if (!wide || !high) return;
    const scale = devicePixelRatio;
    if (this.canvas.width !== Math.round(wide * scale)) this.canvas.width = Math.round(wide * scale);
    if (this.canvas.height !== Math.round(high * scale)) this.canvas.height = Math.round(high * scale);
    const c = this.canvas.getContext("2d");
    if (!c) return;
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.clearRect(0, 0, wide, high);
    const dots = this.shown(this.reading?.trace?.dots ?? []);
    const paper = paperOf(dots, this.reading?.trace?.beat_ms ?? 200);
    const end = Math.max(this.now(), SHOWN_S);
    const x = (t: number) => MARGIN.left + ((t - end + SHOWN_S) / SHOWN_S) * (wide - MARGIN.left - MARGIN.right);
    const y = (ms: number) => MARGIN.top + (0.5 - (ms - paper.middle) / paper.height) * (high - MARGIN.top - MARGIN.bottom);
    grid(c, x, y, paper, end, wide, high);
    for (const [t, early, side] of dots) {
      const off = (early - paper.middle) / paper.height;
      mark(c, x(t), y(paper.middle + (off - Math.round(off)) * paper.height), side > 0);
    }
  }
}

function grid(
  c: CanvasRenderingContext2D,
  x: (t: number) => number,
  y: (ms: number) => number,
  paper: { middle: number; height: number },
  end: number,
  wide: number,
  high: number,
): void {
  c.font = "10.5px system-ui, sans-serif";
  c.fillStyle = COLOURS.soft;
  c.strokeStyle = "rgba(214,176,112,.16)";
  c.lineWidth = 1;
  c.textAlign = "right";
  c.textBaseline = "middle";
  const step = paper.height / 4;
  for (let i = -2; i <= 2; i++) {
    const at = y(paper.middle + i * step);
    line(c, MARGIN.left, at, wide - MARGIN.right, at);
    c.fillText(`${i > 0 ? "+" : ""}${plain(i * step, step < 0.5 ? 2 : step < 1 ? 1 : 0)}`, MARGIN.left - 6, at);
  }
  c.textAlign = "center";
  c.textBaseline = "alphabetic";
  for (let t = Math.ceil((end - SHOWN_S) / 10) * 10; t <= end; t += 10) {
    line(c, x(t), MARGIN.top, x(t), high - MARGIN.bottom);
    if (x(t) > MARGIN.left + 8 && x(t) < wide - 16) c.fillText(`${plain(t)} s`, x(t), high - 7);
  }
  c.textAlign = "right";
  c.fillText(`height ${plain(paper.height)} ms`, wide - MARGIN.right - 4, MARGIN.top + 14);
}

function line(c: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  c.beginPath();
  c.moveTo(x0, Math.round(y0) + 0.5);
  c.lineTo(x1, Math.round(y1) + 0.5);
  c.stroke();
}

/** A full dot for a tick, a ring for a tock: they part without colour too. */
function mark(c: CanvasRenderingContext2D, x: number, y: number, tick: boolean): void {
  c.beginPath();
  c.arc(x, y, tick ? 2 : 2.2, 0, 2 * Math.PI);
  if (tick) {
    c.fillStyle = COLOURS.brass;
    c.fill();
  } else {
    c.strokeStyle = COLOURS.steel;
    c.lineWidth = 1.2;
    c.stroke();
  }
}
