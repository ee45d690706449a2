/** From outlines to triangles: extrusions with smooth walls and a chamfer that catches light; turned bodies; tubes. */

import * as THREE from "three";

/** Cosine below which two neighbouring wall facets meet in an edge instead of a smooth bend. */
const EDGE = Math.cos((32 * Math.PI) / 180);

/** Vertices gathered before they become a geometry. */
export class Mesher {
  readonly position: number[] = [];
  readonly normal: number[] = [];
  readonly uv: number[] = [];
  readonly index: number[] = [];

  get count(): number {
    return this.position.length / 3;
  }

  vertex(x: number, y: number, z: number, nx: number, ny: number, nz: number, u: number, v: number): number {
    this.position.push(x, y, z);
    this.normal.push(nx, ny, nz);
    this.uv.push(u, v);
    return this.count - 1;
  }

  quad(a: number, b: number, c: number, d: number): void {
    this.index.push(a, b, c, a, c, d);
  }

  /** Add a geometry's triangles (position, normal, uv, index). */
  add(geometry: THREE.BufferGeometry, matrix?: THREE.Matrix4): void {
    const g = matrix ? geometry.clone().applyMatrix4(matrix) : geometry;
    const base = this.count;
    const { position, normal, uv } = g.attributes as Record<string, THREE.BufferAttribute | undefined>;
    if (!position || !normal) return;
    for (let i = 0; i < position.count; i++) {
      this.vertex(position.getX(i), position.getY(i), position.getZ(i), normal.getX(i), normal.getY(i), normal.getZ(i),
        uv?.getX(i) ?? 0, uv?.getY(i) ?? 0);
    }
    if (g.index) for (let i = 0; i < g.index.count; i++) this.index.push(base + g.index.getX(i));
    else for (let i = 0; i < position.count; i++) this.index.push(base + i);
  }

  geometry(): THREE.BufferGeometry {
    const g = new THREE.BufferGeometry();
    g.setAttribute("position", new THREE.Float32BufferAttribute(this.position, 3));
    g.setAttribute("normal", new THREE.Float32BufferAttribute(this.normal, 3));
    g.setAttribute("uv", new THREE.Float32BufferAttribute(this.uv, 2));
    g.setIndex(this.index);
    return g;
  }
}

type Ring = [number, number][];

function ring(flat: number[], counterClockwise: boolean): Ring {
  const points: Ring = [];
  for (let i = 0; i + 1 < flat.length; i += 2) points.push([flat[i] as number, flat[i + 1] as number]);
  let twice = 0;
  points.forEach(([x, y], i) => {
    const [u, v] = points[(i + 1) % points.length] as [number, number];
    twice += x * v - u * y;
  });
  if (twice > 0 !== counterClockwise) points.reverse();
  return points;
}

/** Leave out points that lie within `by` of the line between their neighbours. */
export function simplified(points: Ring, by: number): Ring {
  let kept = points;
  for (let pass = 0; pass < 4 && by > 0; pass++) {
    const next: Ring = [];
    let skipped = false;
    kept.forEach((p, i) => {
      const a = next.at(-1) ?? (kept.at(-1) as [number, number]);
      const b = kept[(i + 1) % kept.length] as [number, number];
      const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
      const off = Math.abs((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])) / length;
      skipped = !skipped && off < by && kept.length > 5;
      if (!skipped) next.push(p);
    });
    kept = next.length > 3 ? next : kept;
  }
  return kept;
}

/** Outward unit normals of a ring's edges (the body lies to the left of each). */
function edgeNormals(points: Ring): Ring {
  return points.map(([x, y], i) => {
    const [u, v] = points[(i + 1) % points.length] as [number, number];
    const length = Math.hypot(u - x, v - y) || 1;
    return [(v - y) / length, -(u - x) / length];
  });
}

/** The ring moved inward by `by` along its mitres, no mitre longer than twice that. */
function inset(points: Ring, normals: Ring, by: number): Ring {
  const n = points.length;
  return points.map(([x, y], i) => {
    const [ax, ay] = normals[(i + n - 1) % n] as [number, number];
    const [bx, by_] = normals[i] as [number, number];
    const k = by / Math.max(0.5 * (1 + ax * bx + ay * by_), 0.35);
    return [x - 0.5 * (ax + bx) * k, y - 0.5 * (ay + by_) * k];
  });
}

/** Walls between z0 and z1, with a chamfer up to z2 where z2 > z1. */
function walls(m: Mesher, points: Ring, top: Ring, normals: Ring, z0: number, z1: number, z2: number, scale: number): void {
  const n = points.length;
  for (let i = 0; i < n; i++) {
    const j = (i + 1) % n;
    const here = normals[i] as [number, number];
    const before = normals[(i + n - 1) % n] as [number, number];
    const after = normals[j] as [number, number];
    const soft = (a: [number, number], b: [number, number]): [number, number] => {
      if (a[0] * b[0] + a[1] * b[1] < EDGE) return here;
      const length = Math.hypot(a[0] + b[0], a[1] + b[1]) || 1;
      return [(a[0] + b[0]) / length, (a[1] + b[1]) / length];
    };
    const na = soft(before, here);
    const nb = soft(here, after);
    const [ax, ay] = points[i] as [number, number];
    const [bx, by] = points[j] as [number, number];
    const at = (x: number, y: number, z: number, k: [number, number], up: number): number => {
      const f = 1 / Math.hypot(1, up);
      return m.vertex(x, y, z, k[0] * f, k[1] * f, up * f, 0.5 + x * scale, 0.5 + y * scale);
    };
    m.quad(at(ax, ay, z0, na, 0), at(bx, by, z0, nb, 0), at(bx, by, z1, nb, 0), at(ax, ay, z1, na, 0));
    if (z2 > z1) {
      const [cx, cy] = top[i] as [number, number];
      const [dx, dy] = top[j] as [number, number];
      m.quad(at(ax, ay, z1, na, 1), at(bx, by, z1, nb, 1), at(dx, dy, z2, nb, 1), at(cx, cy, z2, na, 1));
    }
  }
}

export interface ExtrudeOptions { z: number; depth: number; bevel: number; back: boolean; coarse?: number }

/** Draw out outer and holes from z to z + depth into the mesher. */
export function extrude(m: Mesher, outer: number[], holes: number[][], o: ExtrudeOptions): void {
  const whole = [ring(outer, true), ...holes.map((hole) => ring(hole, false))];
  const reach = Math.max(1e-9, ...(whole[0] as Ring).map(([x, y]) => Math.hypot(x, y)));
  const rings = whole.map((r) => simplified(r, (o.coarse ?? 0) * reach));
  const scale = 0.5 / reach;
  const normals = rings.map(edgeNormals);
  const top = o.z + o.depth;
  const tops = rings.map((r, k) => (o.bevel > 0 ? inset(r, normals[k] as Ring, o.bevel) : r));
  rings.forEach((r, k) => walls(m, r, tops[k] as Ring, normals[k] as Ring, o.z, top - o.bevel, top, scale));
  cap(m, tops, top, 1, scale);
  if (o.back) cap(m, rings, o.z, -1, scale);
}

function cap(m: Mesher, rings: Ring[], z: number, way: 1 | -1, scale: number): void {
  const vectors = rings.map((r) => r.map(([x, y]) => new THREE.Vector2(x, y)));
  const faces = THREE.ShapeUtils.triangulateShape(vectors[0] as THREE.Vector2[], vectors.slice(1));
  const base = m.count;
  for (const p of vectors.flat()) m.vertex(p.x, p.y, z, 0, 0, way, 0.5 + p.x * scale, 0.5 + p.y * scale);
  for (const [a, b, c] of faces as [number, number, number][]) {
    if (way > 0) m.index.push(base + a, base + b, base + c);
    else m.index.push(base + a, base + c, base + b);
  }
}

/** A profile (radius, height) turned about z, with edges kept sharp where the profile bends. */
export function turn(m: Mesher, profile: number[], sides: number, place: THREE.Matrix4): void {
  const body = new Mesher();
  const points: Ring = [];
  for (let i = 0; i + 1 < profile.length; i += 2) points.push([profile[i] as number, profile[i + 1] as number]);
  const normals: Ring = points.slice(1).map(([r, h], i) => {
    const [q, g] = points[i] as [number, number];
    const length = Math.hypot(r - q, h - g) || 1;
    return [(h - g) / length, -(r - q) / length];
  });
  const soft = (i: number, a: [number, number], b: [number, number] | undefined): [number, number] => {
    if (!b || a[0] * b[0] + a[1] * b[1] < 0.8) return normals[i] as [number, number];
    const length = Math.hypot(a[0] + b[0], a[1] + b[1]) || 1;
    return [(a[0] + b[0]) / length, (a[1] + b[1]) / length];
  };
  const reach = Math.max(1e-9, ...points.map(([r]) => r));
  for (let i = 0; i + 1 < points.length; i++) {
    const n = normals[i] as [number, number];
    const [ra, ha] = points[i] as [number, number];
    const [rb, hb] = points[i + 1] as [number, number];
    if (Math.hypot(rb - ra, hb - ha) < 1e-12) continue;
    const low = soft(i, n, normals[i - 1]);
    const high = soft(i, n, normals[i + 1]);
    const first = body.count;
    for (let k = 0; k <= sides; k++) {
      const a = (k / sides) * Math.PI * 2;
      const c = Math.cos(a);
      const s = Math.sin(a);
      const flat = Math.abs(n[1]) > 0.7;
      const put = (r: number, h: number, q: [number, number]): void => {
        const [u, v] = flat ? [0.5 + (0.5 * r * c) / reach, 0.5 + (0.5 * r * s) / reach] : [k / sides, h / reach];
        body.vertex(r * c, r * s, h, q[0] * c, q[0] * s, q[1], u as number, v as number);
      };
      put(ra, ha, low);
      put(rb, hb, high);
    }
    for (let k = 0; k < sides; k++) {
      const a = first + 2 * k;
      body.quad(a, a + 2, a + 3, a + 1);
    }
  }
  m.add(body.geometry(), place);
}

/** A round tube along a path of points, ends closed. */
export function tube(m: Mesher, path: number[], radius: number, sides: number): void {
  const points: THREE.Vector3[] = [];
  for (let i = 0; i + 2 < path.length; i += 3) {
    points.push(new THREE.Vector3(path[i] as number, path[i + 1] as number, path[i + 2] as number));
  }
  const curve = new THREE.CatmullRomCurve3(points);
  const body = new THREE.TubeGeometry(curve, points.length - 1, radius, sides, false);
  const uv = body.attributes["uv"] as THREE.BufferAttribute;
  for (let i = 0; i < uv.count; i++) uv.setX(i, uv.getX(i) * points.length * 0.1);
  m.add(body);
  for (const end of [0, 1]) {
    const disc = new THREE.CircleGeometry(radius, sides);
    const along = curve.getTangent(end).multiplyScalar(end ? 1 : -1);
    const q = new THREE.Quaternion().setFromUnitVectors(new THREE.Vector3(0, 0, 1), along);
    m.add(disc, new THREE.Matrix4().compose(curve.getPoint(end), q, new THREE.Vector3(1, 1, 1)));
  }
}

/** Triangles of a mesh, all its instances counted. */
export function trianglesOf(mesh: THREE.Mesh): number {
  const g = mesh.geometry as THREE.BufferGeometry;
  const each = (g.index?.count ?? g.attributes["position"]?.count ?? 0) / 3;
  return each * (mesh instanceof THREE.InstancedMesh ? mesh.count : 1);
}
