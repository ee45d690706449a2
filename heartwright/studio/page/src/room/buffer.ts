/**
 * A jitter buffer of poses.
 *
 * Frames arrive in pieces and unevenly; the room shows a moment a little behind the newest sample and lets its own
 * clock run at the work's speed, gently drawn towards that moment. Samples are true ones (240 Hz): between them values
 * are linear; the engine counts angles on, so there is nothing to unwrap.
 */

import type { PoseFrame } from "./types";

/** How far behind the newest sample the room shows: so many times the usual gap between frames, at least so long [s]. */
const GAPS = 1.7;
const DELAY_LEAST = 0.06;
const DELAY_MOST = 0.5;
/** A clock off by more than this is set, not drawn [real s]. */
const LOST = 0.6;
const KEPT = 4096;

export class PoseBuffer {
  received = 0;
  speed = 1;
  private times: number[] = [];
  private rows: Float64Array[] = [];
  private shown = Number.NaN;
  private gap = 0.05;
  private arrived = 0;

  constructor(readonly width: number) {}

  get newest(): number {
    return this.times.at(-1) ?? Number.NaN;
  }

  get now(): number {
    return this.shown;
  }

  push(frame: PoseFrame): void {
    this.received += 1;
    this.speed = frame.speed;
    const now = performance.now() / 1000;
    const gap = now - this.arrived;
    if (this.arrived && gap < 1) this.gap += (Math.max(gap, 0.6 * this.gap) - this.gap) * 0.1;
    this.arrived = now;
    const width = frame.nRotor + frame.nExtra;
    if (this.times.length && frame.t0 + (frame.nSample - 1) * frame.dt < this.newest - 1) this.clear();
    for (let i = 0; i < frame.nSample; i++) {
      const t = frame.t0 + i * frame.dt;
      if (t <= this.newest) continue;
      const row = new Float64Array(width);
      for (let k = 0; k < width; k++) row[k] = frame.data[i * width + k] ?? 0;
      this.times.push(t);
      this.rows.push(row);
    }
    const spare = this.times.length - KEPT;
    if (spare > 0) {
      this.times.splice(0, spare);
      this.rows.splice(0, spare);
    }
  }

  clear(): void {
    this.times = [];
    this.rows = [];
    this.shown = Number.NaN;
  }

  /** Go on by `dt` real seconds and write the values at the moment shown into `out`; false while there are none. */
  advance(dt: number, out: Float64Array): boolean {
    if (!this.times.length) return false;
    const delay = Math.min(Math.max(GAPS * this.gap, DELAY_LEAST), DELAY_MOST);
    const aim = this.newest - delay * this.speed;
    const first = this.times[0] ?? 0;
    const off = aim - this.shown;
    if (Number.isNaN(this.shown) || Math.abs(off) > LOST * Math.max(this.speed, 0.2)) this.shown = Math.max(aim, first);
    else this.shown += dt * this.speed + off * Math.min(1, 0.8 * dt);
    this.shown = Math.min(Math.max(this.shown, first), this.newest);
    this.at(this.shown, out);
    return true;
  }

  /** Values at time t, linear between the samples about it. */
  at(t: number, out: Float64Array): void {
    let low = 0;
    let high = this.times.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.times[middle] ?? 0) <= t) low = middle;
      else high = middle;
    }
    const a = this.rows[low];
    const b = this.rows[high];
    if (!a || !b) return;
    const t0 = this.times[low] ?? 0;
    const span = (this.times[high] ?? 0) - t0;
    const u = span > 0 ? Math.min(Math.max((t - t0) / span, 0), 1) : 0;
    for (let k = 0; k < out.length; k++) out[k] = (a[k] ?? 0) * (1 - u) + (b[k] ?? 0) * u;
  }
}
