/**
 * Pictures of a standing work, a moment behind the newest: which two the moment shown lies between, and how far on.
 *
 * As with poses the buffer's clock runs at the work's speed and is drawn gently towards that moment.
 */

export interface SeenFrame {
  t: number;
  speed: number;
  light: number;
  values: Float32Array;
}

export interface Between {
  a: SeenFrame;
  b: SeenFrame;
  /** Share of the way from a to b. */
  u: number;
  /** The moment shown [s of the work]. */
  t: number;
}

const KEPT = 8;
const GAPS = 1.6; // times the usual gap between frames
const LEAST_S = 0.07;
const MOST_S = 0.6;
const LOST_S = 0.8; // a clock off by more is set, not drawn

export class SeenBuffer {
  received = 0;
  private frames: SeenFrame[] = [];
  private shown = Number.NaN;
  private gap = 0.07;
  private arrived = 0;

  get newest(): SeenFrame | undefined {
    return this.frames.at(-1);
  }

  push(frame: SeenFrame): void {
    this.received += 1;
    const now = performance.now() / 1000;
    const gap = now - this.arrived;
    if (this.arrived && gap < 1) this.gap += (Math.max(gap, 0.6 * this.gap) - this.gap) * 0.1;
    this.arrived = now;
    const last = this.newest;
    if (last && (frame.t < last.t - 1 || frame.values.length !== last.values.length)) this.frames = [];
    else if (last && frame.t <= last.t) return;
    this.frames.push(frame);
    if (this.frames.length > KEPT) this.frames.shift();
  }

  /** Go on by dt real seconds; null while nothing has come. */
  advance(dt: number): Between | null {
    const newest = this.newest;
    const first = this.frames[0];
    if (!newest || !first) return null;
    const { speed } = newest;
    const aim = newest.t - Math.min(Math.max(GAPS * this.gap, LEAST_S), MOST_S) * speed;
    const off = aim - this.shown;
    if (Number.isNaN(this.shown) || Math.abs(off) > LOST_S * Math.max(speed, 0.2)) this.shown = aim;
    else this.shown += dt * speed + off * Math.min(1, 0.8 * dt);
    this.shown = Math.min(Math.max(this.shown, first.t), newest.t);
    let k = this.frames.length - 1;
    while (k > 0 && (this.frames[k] as SeenFrame).t > this.shown) k -= 1;
    const a = this.frames[k] as SeenFrame;
    const b = this.frames[k + 1] ?? a;
    const span = b.t - a.t;
    return { a, b, u: span > 0 ? Math.min(Math.max((this.shown - a.t) / span, 0), 1) : 0, t: this.shown };
  }
}

/** A number between two pictures. */
export const mix = ({ a, b, u }: Between, i: number): number =>
  (a.values[i] ?? 0) * (1 - u) + (b.values[i] ?? 0) * u;
