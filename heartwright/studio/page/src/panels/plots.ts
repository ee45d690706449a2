// Charts of the instruments: thin wrappers round uPlot in the page's colours.

import uPlot from "uplot";
import { h } from "../dom";

export const COLOURS = {
  brass: "#d9aa55",
  steel: "#93aecb",
  ruby: "#d8586c",
  leaf: "#86b896",
  soft: "#b3a286",
  grid: "rgba(214,176,112,.09)",
} as const;

export interface Mark {
  at: number;
  name: string;
  colour?: string;
}
export interface Curve {
  label: string;
  colour: string;
  dots?: boolean;
  stems?: boolean;
  fill?: string;
  width?: number;
  scale?: string;
}
export interface ChartOptions {
  height: number;
  unit: string;
  curves: Curve[];
  x?: string;
  marks?: () => Mark[];
  bands?: [number, number][];
  least?: number;
  zero?: boolean;
}

/** Dots of two pixels, drawn by hand: 50,000 of them stay quick. */
const dots = (u: uPlot, series: number): null => {
  const x = u.data[0],
    y = u.data[series];
  const scale = u.series[series]?.scale ?? "y";
  if (!x || !y) return null;
  const size = 2.6 * devicePixelRatio;
  const fill = u.series[series]?.stroke;
  u.ctx.fillStyle = typeof fill === "function" ? String(fill(u, series)) : String(fill);
  for (let i = 0; i < x.length; i++) {
    const v = y[i];
    if (v === null || v === undefined) continue;
    u.ctx.fillRect(u.valToPos(x[i]!, "x", true) - size / 2, u.valToPos(v, scale, true) - size / 2, size, size);
  }
  return null;
};

/** A stem from the floor to each value. */
const stems = (u: uPlot, series: number): null => {
  const x = u.data[0],
    y = u.data[series];
  if (!x || !y) return null;
  const fill = u.series[series]?.stroke;
  u.ctx.fillStyle = typeof fill === "function" ? String(fill(u, series)) : String(fill);
  const floor = u.bbox.top + u.bbox.height;
  const wide = Math.max(1, devicePixelRatio);
  for (let i = 0; i < x.length; i++) {
    const v = y[i];
    if (v === null || v === undefined) continue;
    const top = u.valToPos(v, "y", true);
    u.ctx.fillRect(u.valToPos(x[i]!, "x", true) - wide / 2, top, wide, floor - top);
  }
  return null;
};

function drawMarks(u: uPlot, marks: Mark[]): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  for (const mark of marks) {
    const x = u.valToPos(mark.at, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillStyle = ctx.strokeStyle = mark.colour ?? COLOURS.ruby;
    ctx.globalAlpha = 0.6;
    ctx.fillRect(x, bbox.top, devicePixelRatio, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillText(mark.name, x, bbox.top + 9 * devicePixelRatio);
  }
  ctx.restore();
}

export class Chart {
  readonly node = h("div.chart");
  private plot: uPlot | null = null;
  private data: uPlot.AlignedData = [[]];

  constructor(private readonly options: ChartOptions) {
    new ResizeObserver(() => this.fit()).observe(this.node);
  }

  set(data: (number | null)[][]): void {
    this.data = data as uPlot.AlignedData;
    if (!this.node.clientWidth) return;
    if (this.plot) this.plot.setData(this.data);
    else this.make();
  }

  /** Number of points shown, for tests. */
  get points(): number {
    return this.data[0]?.length ?? 0;
  }

  private fit(): void {
    const width = this.node.clientWidth;
    if (!width) return;
    if (!this.plot) {
      if (this.points) this.make();
      return;
    }
    if (Math.abs(this.plot.width - width) > 1) this.plot.setSize({ width, height: this.options.height });
  }

  private make(): void {
    const o = this.options;
    const axis = {
      stroke: COLOURS.soft,
      font: "10px system-ui, sans-serif",
      grid: { stroke: COLOURS.grid, width: 1 },
      ticks: { show: false },
    };
    const range = (_u: uPlot, low: number | null, high: number | null): [number, number] => {
      if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
      const middle = (low + high) / 2,
        half = Math.max((high - low) * 0.56, (o.least ?? 0) / 2, 1e-9);
      const room = o.marks ? 0.24 * (high - low) : 0; // for the marks' names
      return [o.zero ? Math.min(0, low) : middle - half, o.zero ? Math.max(high * 1.08 + room, 1e-9) : middle + half + room];
    };
    this.plot = new uPlot(
      {
        width: this.node.clientWidth,
        height: o.height,
        cursor: { show: false },
        legend: { show: false },
        padding: [8, 8, 0, 0],
        scales: { x: { time: false }, y: { range } },
        axes: [
          { ...axis, size: 20, gap: 2, values: (_u, v) => v.map((x) => (o.x ? `${tidy(x)}` : "")) },
          { ...axis, size: 40, gap: 4, space: 24, values: (_u, v) => v.map(tidy) },
        ],
        series: [
          {},
          ...o.curves.map(
            (c): uPlot.Series => ({
              label: c.label,
              stroke: c.colour,
              width: c.width ?? 1.3,
              fill: c.fill,
              points: { show: false },
              spanGaps: false,
              ...(c.dots ? { paths: dots } : c.stems ? { paths: stems } : {}),
            }),
          ),
        ],
        bands: (o.bands ?? []).map((series) => ({ series, fill: "rgba(217,170,85,.16)" })),
        hooks: {
          draw: [
            (u) => {
              if (o.marks) drawMarks(u, o.marks());
            },
          ],
        },
      },
      this.data,
      this.node,
    );
  }
}

function tidy(x: number): string {
  const t = Math.abs(x) >= 10_000 ? `${Number((x / 1000).toPrecision(4))}k` : String(Number(x.toPrecision(6)));
  return t.replace("-", "−");
}
