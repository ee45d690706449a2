/** Quality by measured frame time: a ladder of settings, stepped down when frames are late, never up by itself. */

export interface Settings {
  name: string;
  ratio: number;
  shadows: boolean;
  mirror: number; // share of the picture's size, 0: none
  post: boolean;
  bloom: boolean;
}

const LADDER: Settings[] = [
  { name: "high", ratio: 2, shadows: true, mirror: 0.6, post: true, bloom: true },
  { name: "high, plain pixels", ratio: 1, shadows: true, mirror: 0.5, post: true, bloom: true },
  { name: "medium", ratio: 1, shadows: true, mirror: 0, post: true, bloom: false },
  { name: "low", ratio: 1, shadows: false, mirror: 0, post: false, bloom: false },
  { name: "lowest", ratio: 0.66, shadows: false, mirror: 0, post: false, bloom: false },
];

const LATE = 1 / 24; // s
const WATCHED = 40; // frames
const HOPELESS = 0.15; // s: far too late, and seen after a few frames
const FEW = 6;

export class Quality {
  fps = 0;
  private step: number;
  private times: number[] = [];
  private mean = 0;

  constructor(start: "low" | "high", private readonly changed: (s: Settings) => void) {
    this.step = start === "low" ? 3 : 0;
  }

  get settings(): Settings {
    return LADDER[this.step] as Settings;
  }

  /** One frame took `dt` seconds. Frames in a hidden tab or after a stall do not count. */
  frame(dt: number): void {
    if (dt > 1.5 || dt <= 0) return;
    this.mean = this.mean ? this.mean + (dt - this.mean) * 0.08 : dt;
    this.fps = 1 / this.mean;
    this.times.push(dt);
    const n = this.times.length;
    if (n < FEW) return;
    const middle = [...this.times].sort((a, b) => a - b)[n >> 1] ?? 0;
    if (n < WATCHED && middle < HOPELESS) return;
    this.times = [];
    if (middle > LATE && this.step < LADDER.length - 1) {
      this.step = middle > HOPELESS ? Math.max(3, this.step + 1) : this.step + 1;
      this.changed(this.settings);
    }
  }
}

/** Whether the pictures are drawn by the processor: then the room begins low, and draws no more than `CALM_S` allows. */
export function drawnInSoftware(renderer: { getContext(): WebGLRenderingContext | WebGL2RenderingContext }): boolean {
  const gl = renderer.getContext();
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

/** Least time between two frames drawn in software [s]. */
export const CALM_S = 1 / 20;
/** Least seconds between pictures while a microphone listens, by the graphics card and by the processor. */
export const REST_S = 0.5,
  REST_SOFTWARE_S = 5;
