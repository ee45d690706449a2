/** Parts that change their shape: spirals that breathe, the mainspring, bellows, reeds. Each redraws from its values. */

import * as THREE from "three";
import { Mesher } from "./solids";
import type { Bellows, Mainspring, Reed, Spiral } from "./types";

const TAU = Math.PI * 2;

/** A ribbon of rectangular section along a flat path that is set anew when the spring moves. */
export class Ribbon {
  readonly geometry = new THREE.BufferGeometry();
  private readonly position: THREE.BufferAttribute;
  private readonly normal: THREE.BufferAttribute;

  constructor(private readonly n: number, private readonly half: number, private readonly height: number) {
    this.position = new THREE.BufferAttribute(new Float32Array(n * 8 * 3), 3);
    this.normal = new THREE.BufferAttribute(new Float32Array(n * 8 * 3), 3);
    const index: number[] = [];
    for (let i = 0; i + 1 < n; i++) {
      for (let side = 0; side < 4; side++) {
        const a = i * 8 + side * 2;
        index.push(a, a + 8, a + 9, a, a + 9, a + 1);
      }
    }
    this.position.setUsage(THREE.DynamicDrawUsage);
    this.normal.setUsage(THREE.DynamicDrawUsage);
    this.geometry.setAttribute("position", this.position);
    this.geometry.setAttribute("normal", this.normal);
    this.geometry.setAttribute("uv", new THREE.BufferAttribute(new Float32Array(n * 8 * 2), 2));
    this.geometry.setIndex(index);
  }

  /** Lay the ribbon along radius r(s) and angle a(s), s from 0 to 1. */
  lay(at: (s: number) => [number, number]): void {
    const { half, height, n } = this;
    const p = this.position.array as Float32Array;
    const q = this.normal.array as Float32Array;
    for (let i = 0; i < n; i++) {
      const [r, a] = at(i / (n - 1));
      const c = Math.cos(a);
      const s = Math.sin(a);
      const inner = r - half;
      const outer = r + half;
      const put = (k: number, radius: number, z: number, nr: number, nz: number): void => {
        const o = (i * 8 + k) * 3;
        p[o] = radius * c;
        p[o + 1] = radius * s;
        p[o + 2] = z;
        q[o] = nr * c;
        q[o + 1] = nr * s;
        q[o + 2] = nz;
      };
      put(0, outer, height, 1, 0);
      put(1, outer, 0, 1, 0);
      put(2, inner, height, 0, 1);
      put(3, outer, height, 0, 1);
      put(4, inner, 0, -1, 0);
      put(5, inner, height, -1, 0);
      put(6, outer, 0, 0, -1);
      put(7, inner, 0, 0, -1);
    }
    this.position.needsUpdate = this.normal.needsUpdate = true;
  }
}

/** A spiral whose inner end is turned by `inner` and outer end by `outer`; its length is kept, so that it breathes. */
export function spiral(part: Spiral, detail: 0 | 1 | 2): { ribbon: Ribbon; set(inner: number, outer: number): void } {
  const n = Math.round(part.turns * ([16, 22, 40] as const)[detail]) + 1;
  const ribbon = new Ribbon(n, 0.5 * part.thickness, part.height);
  const mean = 0.5 * (part.inner + part.outer);
  return {
    ribbon,
    set(inner, outer): void {
      const wound = part.turns * TAU - (inner - outer);
      const bulge = (Math.PI / 2) * mean * ((part.turns * TAU) / wound - 1);
      ribbon.lay((s) => [
        part.inner + (part.outer - part.inner) * s + bulge * Math.sin(Math.PI * s),
        part.outer_at + outer - wound * (1 - s),
      ]);
    },
  };
}

/** A mainspring: coils packed on its arbor when wound, on the drum's wall when run down. */
export function mainspring(part: Mainspring, detail: 0 | 1 | 2): { ribbon: Ribbon; set(wind: number, turn: number): void } {
  const n = Math.round(part.turns * ([12, 20, 36] as const)[detail]) + 1;
  const ribbon = new Ribbon(n, 0.5 * part.thickness, part.height);
  const room = part.outer - part.inner;
  return {
    ribbon,
    set(wind, turn): void {
      const w = Math.min(Math.max(wind, 0), 1);
      const power = Math.exp(1.1 * (w - 0.45)); // > 1: packed within
      const turns = part.turns + 3.5 * (w - 0.5);
      ribbon.lay((s) => [part.inner + room * s ** power, turn - turns * TAU * (1 - s)]);
    },
  };
}

/** Pleats between a foot at 0 and a lid at `length`, along y. */
export function bellows(part: Bellows, fine: boolean): { geometry: THREE.BufferGeometry; set(squeeze: number): void } {
  const rows = part.pleats * 2;
  const sides = fine ? 36 : 20;
  const m = new Mesher();
  const radius = (k: number): number => part.radius * (k % 2 ? 1.12 : 0.82);
  for (let k = 0; k < rows; k++) {
    const slope = radius(k + 1) - radius(k);
    const rise = part.rest / rows;
    const f = 1 / Math.hypot(slope, rise);
    for (let i = 0; i <= sides; i++) {
      const a = (i / sides) * TAU;
      for (const e of [0, 1]) {
        const r = radius(k + e);
        m.vertex(r * Math.cos(a), (k + e) / rows, -r * Math.sin(a), rise * f * Math.cos(a), -slope * f, -rise * f * Math.sin(a), i / sides, k);
      }
    }
    const base = k * (sides + 1) * 2;
    for (let i = 0; i < sides; i++) m.quad(base + 2 * i, base + 2 * i + 2, base + 2 * i + 3, base + 2 * i + 1);
  }
  const geometry = m.geometry();
  const rest = Float32Array.from(m.position);
  const position = geometry.attributes["position"] as THREE.BufferAttribute;
  return {
    geometry,
    set(squeeze): void {
      const length = part.rest - squeeze;
      for (let i = 1; i < rest.length; i += 3) position.array[i] = (rest[i] as number) * length;
      position.needsUpdate = true;
    },
  };
}

/** A tongue bent as a tip-loaded cantilever: z = lift (3 s2 - s3) / 2. */
export function reed(part: Reed): { geometry: THREE.BufferGeometry; set(lift: number): void } {
  const steps = 12;
  const m = new Mesher();
  const c = Math.cos(part.direction);
  const d = Math.sin(part.direction);
  const w = 0.5 * part.width;
  for (let i = 0; i <= steps; i++) {
    const along = (part.length * i) / steps;
    for (const side of [-1, 1]) {
      m.vertex(c * along - d * side * w, d * along + c * side * w, part.thickness, 0, 0, 1, 0.5 + 0.5 * side, i / steps);
    }
    if (i) m.quad(2 * i - 2, 2 * i, 2 * i + 1, 2 * i - 1);
  }
  const geometry = m.geometry();
  const position = geometry.attributes["position"] as THREE.BufferAttribute;
  const normal = geometry.attributes["normal"] as THREE.BufferAttribute;
  return {
    geometry,
    set(lift): void {
      for (let i = 0; i <= steps; i++) {
        const s = i / steps;
        const z = part.thickness + lift * 0.5 * (3 * s * s - s * s * s);
        const slope = (lift / part.length) * 0.5 * (6 * s - 3 * s * s);
        const f = 1 / Math.hypot(1, slope);
        for (const k of [2 * i, 2 * i + 1]) {
          position.setZ(k, z);
          normal.setXYZ(k, -slope * c * f, -slope * d * f, f);
        }
      }
      position.needsUpdate = normal.needsUpdate = true;
    },
  };
}
