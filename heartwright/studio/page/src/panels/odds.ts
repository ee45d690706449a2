// The picture of the odds. Every trial is a dot that falls into one of four columns; a column's full height is all trials.
// Behind the dots lies the server's 95 % interval of the share as a band: it narrows while the pile climbs into it.
// Beside each column, in rings, what comes of leaving the work alone.

import { h, plain, scaled, still } from "../dom";
import { alpha, dot, fall, line, now, percent, wordFor } from "./strokes";
import { FATES, type Fate, type Rehearsal, type Shares, type Trial } from "../types";

const COLOUR: Record<Fate, string> = { better: "#8cc09f", unchanged: "#a9b9cc", worse: "#e0a24e", ruined: "#dd5a6e" };
const SOFT = "#b3a286";
const LINE = "rgba(214,176,112,.22)";
const SANS = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif";
const SERIF = "'Iowan Old Style', Palatino, 'URW Palladio L', Georgia, 'DejaVu Serif', serif";
const POINT = "A band is where the share may lie, 95 in 100. Point at a dot to read its trial.";
const FALL_S = 0.85;
const EASE_S = 0.12; // in which a band follows the server's figures
const GAP_S = 0.04; // between two dots that came in one message ...
const BURST_S = 1.1; // ... but all of them within this

/** The measures of the picture for the room it has [px]; `u` is its unit of type. */
interface Frame {
  width: number;
  height: number;
  u: number;
  left: number;
  top: number;
  floor: number;
}

interface Dot {
  fate: Fate;
  slot: number;
  born: number;
  trial: Trial | null;
}
interface Column {
  left: number;
  width: number;
  alone: number;
  aloneWidth: number;
  middle: number;
}

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
  private aloneTotal = 1;
  private done = 0;
  private busy = false;
  private pending = 0;
  private drawn = 0;
  private easing = 1;
  private f: Frame = { width: 0, height: 0, u: 1, left: 0, top: 0, floor: 0 };

  constructor() {
    this.ctx = this.canvas.getContext("2d")!;
    this.node = h("figure.odds-figure", {}, this.canvas, this.caption);
    this.canvas.addEventListener("pointermove", (e) => this.point(e));
    this.canvas.addEventListener("pointerleave", () => {
      this.caption.textContent = POINT;
    });
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
    this.aloneTotal = Math.max(1, r.aloneTotal || r.aloneDone || r.alone.dots.length);
    this.grow(this.aloneDots, fatesOf(r.alone.dots, r.alone.shares, r.aloneDone), r.alone.dots);
    this.canvas.setAttribute("aria-label", this.summary());
    this.caption.textContent = POINT;
    this.run();
  }

  redraw(): void {
    this.run();
  }

  /** What the picture says, in words. */
  summary(): string {
    if (!this.done) return "";
    const said = FATES.map((f) => {
      const s = this.shares[f];
      return s ? `${f} ${percent(s.value)} (${percent(s.low)} to ${percent(s.high)})` : "";
    }).filter(Boolean);
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
    const gap = Math.min(GAP_S, BURST_S / Math.max(1, fates.length - dots.length));
    let born = Math.max(now(), dots.at(-1)?.born ?? 0);
    fates.forEach((fate, i) => {
      const slot = counts[fate]++;
      const known = dots[i];
      if (known && known.fate === fate) {
        known.slot = slot;
        return;
      }
      born += gap;
      dots[i] = { fate, slot, born: still() ? 0 : born, trial: trials[i] ?? null };
    });
    dots.length = fates.length;
  }

  private run(): void {
    if (this.pending) return;
    const step = () => {
      this.pending = 0;
      const moving = this.draw();
      if (moving && this.canvas.isConnected) this.pending = requestAnimationFrame(step);
    };
    this.pending = requestAnimationFrame(step);
  }

  private fit(): boolean {
    const width = this.canvas.clientWidth,
      height = this.canvas.clientHeight;
    if (!width || !height) return false;
    const scale = Math.min(2, devicePixelRatio || 1);
    if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    this.ctx.setTransform(scale, 0, 0, scale, 0, 0);
    this.ctx.clearRect(0, 0, width, height);
    const u = Math.max(1, Math.min(1.45, width / 440));
    this.f = { width, height, u, left: width > 520 ? 54 : 4, top: 30 * u, floor: height - 50 * u };
    return true;
  }

  private columns(): Column[] {
    const { left: start, width, u } = this.f;
    const each = (width - start - 4) / FATES.length;
    return FATES.map((_, i) => {
      const left = start + i * each + 5 * u;
      const room = each - 14 * u;
      const aloneWidth = Math.max(13, room * 0.24);
      return { left, width: room - aloneWidth - 8 * u, alone: left + room - aloneWidth, aloneWidth, middle: left + room / 2 };
    });
  }

  /** Draw everything; true while something still moves. */
  private draw(): boolean {
    if (!this.fit()) return false;
    const t = now();
    this.easing = 1 - Math.exp(-Math.min(0.5, t - this.drawn) / EASE_S);
    this.drawn = t;
    const columns = this.columns();
    this.ground();
    let moving = false;
    columns.forEach((column, i) => {
      const fate = FATES[i]!;
      moving = this.band(`a:${fate}`, this.shares[fate], column.left, column.width, COLOUR[fate], 0.24) || moving;
      moving = this.band(`b:${fate}`, this.alone[fate], column.alone, column.aloneWidth, SOFT, 0.17) || moving;
      this.names(fate, column);
    });
    moving = this.pile(this.aloneDots, columns, true) || moving;
    moving = this.pile(this.dots, columns, false) || moving;
    return moving;
  }

  private ground(): void {
    const c = this.ctx,
      { width, left, top, floor, u } = this.f;
    c.font = `${10 * u}px ${SANS}`;
    for (const share of [0.25, 0.5, 0.75, 1]) {
      const y = Math.round(floor - share * (floor - top)) + 0.5;
      c.strokeStyle = "rgba(214,176,112,.1)";
      line(c, left, y, width - 4, y);
      c.fillStyle = "rgba(179,162,134,.75)";
      c.textAlign = "right";
      if (left > 20) c.fillText(`${plain(100 * share)} %`, left - 6, y + 3.5 * u);
    }
    c.strokeStyle = LINE;
    line(c, left, floor + 0.5, width - 4, floor + 0.5);
    this.key();
    if (!this.busy) return;
    const glow = c.createRadialGradient(width / 2, top - 16 * u, 0, width / 2, top - 16 * u, 26 * u);
    glow.addColorStop(0, "rgba(240,195,108,.5)");
    glow.addColorStop(1, "rgba(240,195,108,0)");
    c.fillStyle = glow;
    c.fillRect(width / 2 - 26 * u, top - 42 * u, 52 * u, 52 * u);
  }

  private key(): void {
    const c = this.ctx,
      { width, left, u } = this.f;
    c.font = `${11 * u}px ${SANS}`;
    c.fillStyle = SOFT;
    c.textAlign = "left";
    if (this.done || this.busy)
      c.fillText(this.busy ? `${this.done} of ${this.total} trials` : `${this.done} trials`, left, 13 * u);
    c.textAlign = "right";
    const alone = width - 6,
      touched = alone - c.measureText("left alone").width - 26 * u;
    c.fillText("left alone", alone, 13 * u);
    dot(c, touched + 16 * u, 9.5 * u, 3.6 * u, SOFT, true);
    c.fillText("touched", touched, 13 * u);
    dot(c, touched - c.measureText("touched").width - 9 * u, 9.5 * u, 3.6 * u, "#d9aa55", false);
  }

  private band(key: string, share: Shares[Fate], left: number, width: number, colour: string, strength: number): boolean {
    if (!share) return false;
    const low = this.ease(`${key}:l`, share.low),
      high = this.ease(`${key}:h`, share.high),
      value = this.ease(`${key}:v`, share.value);
    const c = this.ctx,
      { top, floor } = this.f;
    const y = (x: number) => floor - x * (floor - top);
    const fill = c.createLinearGradient(0, y(high.at), 0, y(low.at) + 1);
    fill.addColorStop(0, alpha(colour, strength * 0.4));
    fill.addColorStop(0.5, alpha(colour, strength));
    fill.addColorStop(1, alpha(colour, strength * 0.4));
    c.fillStyle = fill;
    c.fillRect(left - 3, y(high.at), width + 6, Math.max(1, y(low.at) - y(high.at)));
    c.strokeStyle = alpha(colour, 0.5);
    line(c, left - 3, y(high.at), left + width + 3, y(high.at));
    line(c, left - 3, y(low.at), left + width + 3, y(low.at));
    c.strokeStyle = alpha(colour, 0.95);
    c.lineWidth = 1.8;
    line(c, left - 3, y(value.at), left + width + 3, y(value.at));
    c.lineWidth = 1;
    return low.moving || high.moving || value.moving;
  }

  private ease(key: string, to: number): { at: number; moving: boolean } {
    const from = this.shown.get(key) ?? (key.endsWith(":h") ? 1 : key.endsWith(":l") ? 0 : to);
    const at = still() || Math.abs(to - from) < 0.002 ? to : from + this.easing * (to - from);
    this.shown.set(key, at);
    return { at, moving: at !== to };
  }

  private names(fate: Fate, column: Column): void {
    const c = this.ctx,
      { floor, u } = this.f;
    const share = this.shares[fate];
    c.textAlign = "center";
    c.fillStyle = COLOUR[fate];
    c.font = `${12.5 * u}px ${SANS}`;
    c.fillText(fate, column.middle, floor + 16 * u);
    if (!share) return;
    c.font = `${14 * u}px ${SERIF}`;
    c.fillStyle = "#f6ead3";
    c.fillText(percent(share.value), column.middle, floor + 32 * u);
    c.font = `${10.5 * u}px ${SANS}`;
    c.fillStyle = SOFT;
    c.fillText(`${plain(100 * share.low)} to ${plain(100 * share.high)}`, column.middle, floor + 45 * u);
  }

  private pile(dots: Dot[], columns: Column[], alone: boolean): boolean {
    const t = now(),
      { width, top, u } = this.f;
    let moving = false;
    for (const d of dots) {
      const column = columns[FATES.indexOf(d.fate)];
      if (!column) continue;
      const place = this.place(d, column, alone);
      const age = (t - d.born) / FALL_S;
      if (age < 1) moving = true;
      if (age < 0) continue;
      const [x, y] = age >= 1 ? [place.x, place.y] : fall(width / 2, top - 16 * u, place.x, place.y, age);
      dot(this.ctx, x, y, place.r, alone ? SOFT : COLOUR[d.fate], alone);
    }
    return moving;
  }

  /** Where a dot comes to rest: rows fill from the floor, so that all trials together fill the column. */
  private place(d: Dot, column: Column, alone: boolean): { x: number; y: number; r: number } {
    const height = this.f.floor - this.f.top;
    const left = alone ? column.alone : column.left,
      width = alone ? column.aloneWidth : column.width;
    const total = alone ? this.aloneTotal : this.total;
    const across = Math.max(1, Math.round(Math.sqrt((total * width) / height)));
    const rows = Math.ceil(total / across);
    const dy = height / rows,
      dx = width / across;
    const r = Math.min(9 * this.f.u, Math.max(1.2, 0.43 * Math.min(dx, dy)));
    return { x: left + dx * ((d.slot % across) + 0.5), y: this.f.floor - dy * (Math.floor(d.slot / across) + 0.5), r };
  }

  private point(event: PointerEvent): void {
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left,
      y = event.clientY - box.top;
    const columns = this.columns();
    const near = this.dots.find((d) => {
      const column = columns[FATES.indexOf(d.fate)];
      if (!column) return false;
      const p = this.place(d, column, false);
      return Math.hypot(p.x - x, p.y - y) <= p.r + 1.5;
    });
    if (!near) return;
    const figures = Object.entries(near.trial?.figures ?? {})
      .filter(([, v]) => typeof v === "number")
      .map(
        ([k, v]) => `${wordFor(k)} ${plain(v as number, Math.abs(v as number) < 0.1 ? 3 : Math.abs(v as number) < 10 ? 2 : 1)}`,
      );
    const force = near.trial?.force_n,
      slip = near.trial?.slip;
    const felt = [typeof force === "number" && force > 0 ? `largest force ${scaled(force, "N")}` : "", slip ?? ""].filter(
      Boolean,
    );
    this.caption.textContent = `This trial: ${[near.fate, ...figures, ...felt].join(", ")}.`;
  }
}

/** The fate of each trial so far; where only shares are known, as many of each as the shares say. */
function fatesOf(trials: Trial[], shares: Shares, done: number): Fate[] {
  if (trials.length) return trials.map((t) => t.outcome).filter((f) => FATES.includes(f));
  return FATES.flatMap((f) => Array<Fate>(Math.round((shares[f]?.value ?? 0) * done)).fill(f));
}
