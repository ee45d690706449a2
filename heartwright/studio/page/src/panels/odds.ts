// The picture of the odds. Every trial is a dot that falls into one of four columns; a column's full height is all trials.
// Behind the dots lies the server's 95 % interval of the share as a band: it narrows while the pile climbs into it.
// Beside each column, in rings, what comes of leaving the work alone.

import { h, plain, still } from "../dom";
import { FATES, type Fate, type Rehearsal, type Shares, type Trial } from "../types";

const COLOUR: Record<Fate, string> = { better: "#8cc09f", unchanged: "#a9b9cc", worse: "#e0a24e", ruined: "#dd5a6e" };
const SOFT = "#b3a286";
const LINE = "rgba(214,176,112,.22)";
const HEIGHT = 292;
const TOP = 30; // room for the mouth from which trials fall
const FOOT = 46; // room for the names and shares below the floor
const FALL_S = 0.85;
const GAP_S = 0.035; // between two dots that came in one message

interface Dot { fate: Fate; slot: number; born: number; trial: Trial | null }
interface Column { left: number; width: number; alone: number; aloneWidth: number }

export class OddsPicture {
  readonly node: HTMLElement;
  private readonly canvas = h("canvas.odds", { role: "img" });
  private readonly caption = h("p.hint.caption", {}, "");
  private readonly ctx: CanvasRenderingContext2D;
  private dots: Dot[] = [];
  private aloneDots: Dot[] = [];
  private shares: Shares = {};
  private alone: Shares = {};
  private shown = new Map<string, number>(); // band ends as drawn, easing towards the server's
  private total = 60;
  private done = 0;
  private busy = false;
  private frame = 0;
  private lastBorn = 0;

  constructor() {
    this.ctx = this.canvas.getContext("2d")!;
    this.node = h("figure.odds-figure", {}, this.canvas, this.caption);
    this.canvas.addEventListener("pointermove", (e) => this.point(e));
    this.canvas.addEventListener("pointerleave", () => { this.caption.textContent = this.summary(); });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    this.canvas.setAttribute("aria-label", "No trials yet");
  }

  /** An empty picture for a new rehearsal. */
  clear(total: number): void {
    this.dots = [];
    this.aloneDots = [];
    this.shares = {};
    this.alone = {};
    this.shown.clear();
    this.total = total;
    this.done = 0;
    this.lastBorn = 0;
    this.busy = true;
    this.draw();
  }

  update(r: Rehearsal): void {
    if (r.done < this.done) this.clear(r.total);
    this.total = Math.max(1, r.total);
    this.done = r.done;
    this.busy = !r.finished && !r.cancelled;
    this.shares = r.shares;
    this.alone = r.alone.shares;
    this.grow(this.dots, fatesOf(r.dots, r.shares, r.done), r.dots);
    this.grow(this.aloneDots, fatesOf(r.alone.dots, r.alone.shares, r.done), r.alone.dots);
    this.canvas.setAttribute("aria-label", this.summary());
    this.caption.textContent = this.summary();
    this.run();
  }

  /** What the picture says, in words. */
  summary(): string {
    if (!this.done) return "";
    const said = FATES.map((f) => { const s = this.shares[f]; return s ? `${f} ${percent(s.value)} (${percent(s.low)} to ${percent(s.high)})` : ""; }).filter(Boolean);
    return `${this.done} of ${this.total} trials: ${said.join(", ")}.`;
  }

  /** For tests: how many dots lie in each column. */
  counts(): Record<Fate, number> {
    const out = { better: 0, unchanged: 0, worse: 0, ruined: 0 };
    for (const d of this.dots) out[d.fate] += 1;
    return out;
  }

  private grow(dots: Dot[], fates: Fate[], trials: Trial[]): void {
    const counts: Record<Fate, number> = { better: 0, unchanged: 0, worse: 0, ruined: 0 };
    fates.forEach((fate, i) => {
      const slot = counts[fate]++;
      const known = dots[i];
      if (known && known.fate === fate) { known.slot = slot; return; }
      this.lastBorn = Math.max(now(), this.lastBorn + GAP_S);
      dots[i] = { fate, slot, born: still() ? 0 : this.lastBorn, trial: trials[i] ?? null };
    });
    dots.length = fates.length;
  }

  private run(): void {
    if (this.frame) return;
    const step = () => {
      this.frame = 0;
      const moving = this.draw();
      if (moving && this.canvas.isConnected) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  private columns(width: number): Column[] {
    const each = (width - 12) / FATES.length;
    return FATES.map((_, i) => {
      const left = 6 + i * each + 4;
      const room = each - 10;
      const aloneWidth = Math.max(12, room * 0.24);
      return { left, width: room - aloneWidth - 7, alone: left + room - aloneWidth, aloneWidth };
    });
  }

  /** Draw everything; true while something still moves. */
  private draw(): boolean {
    const width = this.canvas.clientWidth;
    if (!width) return false;
    const scale = Math.min(2, devicePixelRatio || 1);
    if (this.canvas.width !== Math.round(width * scale)) { this.canvas.width = Math.round(width * scale); this.canvas.height = Math.round(HEIGHT * scale); }
    const c = this.ctx;
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.clearRect(0, 0, width, HEIGHT);
    const columns = this.columns(width);
    this.ground(width);
    let moving = false;
    columns.forEach((column, i) => {
      const fate = FATES[i]!;
      moving = this.band(`a:${fate}`, this.shares[fate], column.left, column.width, COLOUR[fate], 0.2) || moving;
      moving = this.band(`b:${fate}`, this.alone[fate], column.alone, column.aloneWidth, SOFT, 0.14) || moving;
      this.names(fate, column);
    });
    moving = this.pile(this.dots, width, columns, false) || moving;
    moving = this.pile(this.aloneDots, width, columns, true) || moving;
    return moving;
  }

  private ground(width: number): void {
    const c = this.ctx;
    const floor = HEIGHT - FOOT;
    c.font = "10px system-ui, sans-serif";
    c.textAlign = "right";
    for (const share of [0.25, 0.5, 0.75, 1]) {
      const y = Math.round(floor - share * (floor - TOP)) + 0.5;
      c.strokeStyle = "rgba(214,176,112,.08)";
      line(c, 4, y, width - 4, y);
    }
    c.strokeStyle = LINE;
    line(c, 4, floor + 0.5, width - 4, floor + 0.5);
    c.fillStyle = SOFT;
    c.textAlign = "left";
    if (this.done || this.busy) c.fillText(this.busy ? `${this.done} of ${this.total} trials` : `${this.done} trials`, 6, 12);
    c.textAlign = "right";
    dot(c, width - 150, 8.5, 3.2, "#d9aa55", false);
    c.fillText("touched", width - 103, 12);
    dot(c, width - 85, 8.5, 3.2, SOFT, true);
    c.fillText("left alone", width - 30, 12);
  }

  private band(key: string, share: Shares[Fate], left: number, width: number, colour: string, strength: number): boolean {
    if (!share) return false;
    const low = this.ease(`${key}:l`, share.low), high = this.ease(`${key}:h`, share.high), value = this.ease(`${key}:v`, share.value);
    const c = this.ctx;
    const floor = HEIGHT - FOOT;
    const y = (x: number) => floor - x * (floor - TOP);
    const fill = c.createLinearGradient(0, y(high.at), 0, y(low.at) + 1);
    fill.addColorStop(0, alpha(colour, strength * 0.35));
    fill.addColorStop(0.5, alpha(colour, strength));
    fill.addColorStop(1, alpha(colour, strength * 0.35));
    c.fillStyle = fill;
    c.fillRect(left - 3, y(high.at), width + 6, Math.max(1, y(low.at) - y(high.at)));
    c.strokeStyle = alpha(colour, 0.55);
    line(c, left - 3, y(high.at), left + width + 3, y(high.at));
    line(c, left - 3, y(low.at), left + width + 3, y(low.at));
    c.strokeStyle = alpha(colour, 0.95);
    c.lineWidth = 1.6;
    line(c, left - 3, y(value.at), left + width + 3, y(value.at));
    c.lineWidth = 1;
    return low.moving || high.moving || value.moving;
  }

  private ease(key: string, to: number): { at: number; moving: boolean } {
    const from = this.shown.get(key) ?? (key.endsWith(":h") ? 1 : key.endsWith(":l") ? 0 : to);
    const at = still() || Math.abs(to - from) < 0.002 ? to : from + 0.16 * (to - from);
    this.shown.set(key, at);
    return { at, moving: at !== to };
  }

  private names(fate: Fate, column: Column): void {
    const c = this.ctx;
    const floor = HEIGHT - FOOT;
    const middle = (column.left + column.alone + column.aloneWidth) / 2;
    const share = this.shares[fate];
    c.textAlign = "center";
    c.fillStyle = COLOUR[fate];
    c.font = "12px system-ui, sans-serif";
    c.fillText(fate, middle, floor + 16);
    if (!share) return;
    c.font = "600 13px system-ui, sans-serif";
    c.fillStyle = "#ecdfca";
    c.fillText(percent(share.value), middle, floor + 31);
    c.font = "10px system-ui, sans-serif";
    c.fillStyle = SOFT;
    c.fillText(`${plain(100 * share.low)} to ${plain(100 * share.high)}`, middle, floor + 43);
  }

  private pile(dots: Dot[], width: number, columns: Column[], alone: boolean): boolean {
    const t = now();
    let moving = false;
    for (const d of dots) {
      const column = columns[FATES.indexOf(d.fate)];
      if (!column) continue;
      const place = this.place(d, column, alone);
      const age = (t - d.born) / FALL_S;
      if (age < 0) { moving = true; continue; }
      if (age < 1) moving = true;
      const [x, y] = age >= 1 ? [place.x, place.y] : fall(width / 2 + (alone ? 20 : -4), TOP - 14, place.x, place.y, age);
      dot(this.ctx, x, y, place.r, alone ? SOFT : COLOUR[d.fate], alone);
    }
    return moving;
  }

  /** Where a dot comes to rest: rows fill from the floor, so that all trials together fill the column. */
  private place(d: Dot, column: Column, alone: boolean): { x: number; y: number; r: number } {
    const height = HEIGHT - FOOT - TOP;
    const left = alone ? column.alone : column.left, width = alone ? column.aloneWidth : column.width;
    const across = Math.max(1, Math.round(Math.sqrt((this.total * width) / height)));
    const rows = Math.ceil(this.total / across);
    const dy = height / rows, dx = width / across;
    const r = Math.max(1.2, 0.43 * Math.min(dx, dy));
    return { x: left + dx * ((d.slot % across) + 0.5), y: HEIGHT - FOOT - dy * (Math.floor(d.slot / across) + 0.5), r };
  }

  private point(event: PointerEvent): void {
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    const columns = this.columns(box.width);
    const near = this.dots.find((d) => {
      const column = columns[FATES.indexOf(d.fate)];
      if (!column) return false;
      const p = this.place(d, column, false);
      return Math.hypot(p.x - x, p.y - y) <= p.r + 1.5;
    });
    if (!near) return;
    const figures = Object.entries(near.trial?.figures ?? {}).filter(([, v]) => typeof v === "number").map(([k, v]) => `${wordFor(k)} ${plain(v as number, Math.abs(v as number) < 10 ? 2 : 0)}`);
    this.caption.textContent = `This trial: ${near.fate}. ${figures.join(", ")}`;
  }
}

/** The fate of each trial so far; where only shares are known, as many of each as the shares say. */
function fatesOf(trials: Trial[], shares: Shares, done: number): Fate[] {
  if (trials.length) return trials.map((t) => t.outcome).filter((f) => FATES.includes(f));
  return FATES.flatMap((f) => Array<Fate>(Math.round((shares[f]?.value ?? 0) * done)).fill(f));
}

export function wordFor(figure: string): string {
  return figure.replace(/_(s_per_day|deg|ms|db|cm3_per_stroke|cm3_s|pa|n|s)$/, (_, u: string) => ` [${{ s_per_day: "s/d", deg: "°", ms: "ms", db: "dB", cm3_per_stroke: "cm³ a stroke", cm3_s: "cm³/s", pa: "Pa", n: "N", s: "s" }[u] ?? u}]`).replaceAll("_", " ");
}

const now = (): number => performance.now() / 1000;
const percent = (x: number): string => `${plain(100 * x)} %`;

function alpha(hex: string, a: number): string {
  const n = Number.parseInt(hex.slice(1), 16);
  return `rgba(${n >> 16},${(n >> 8) & 255},${n & 255},${a})`;
}

function line(c: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  c.beginPath();
  c.moveTo(x0, y0);
  c.lineTo(x1, y1);
  c.stroke();
}

function dot(c: CanvasRenderingContext2D, x: number, y: number, r: number, colour: string, hollow: boolean): void {
  c.beginPath();
  c.arc(x, y, hollow ? Math.max(0.8, r - 0.5) : r, 0, Math.PI * 2);
  if (hollow) { c.strokeStyle = colour; c.stroke(); return; }
  c.fillStyle = colour;
  c.fill();
  c.beginPath();
  c.arc(x - 0.3 * r, y - 0.34 * r, 0.32 * r, 0, Math.PI * 2);
  c.fillStyle = "rgba(255,246,228,.42)";
  c.fill();
}

/** From the mouth sideways, then down under gravity with one small bounce; `age` 0..1. */
function fall(x0: number, y0: number, x1: number, y1: number, age: number): [number, number] {
  const side = Math.min(1, age / 0.55);
  const x = x0 + (x1 - x0) * side * side * (3 - 2 * side);
  const landing = 0.78;
  if (age < landing) return [x, y0 + (y1 - y0) * (age / landing) ** 2];
  const b = (age - landing) / (1 - landing);
  return [x, y1 - 0.05 * (y1 - y0) * 4 * b * (1 - b)];
}
