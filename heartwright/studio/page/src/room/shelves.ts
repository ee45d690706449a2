/** Towering shelves on three sides and what stands on them, by chance but always the same. Room units. */

import * as THREE from "three";
import type { Materials } from "./materials";
import { Mesher, extrude, turn } from "./solids";
import { dial, numbers, wood } from "./textures";

export const FLOOR = -4.6;
const TOP = 15;

interface Run { calm: (along: number, up: number) => boolean; at: (along: number, up: number, out: number) => THREE.Matrix4; length: number; rows: number; seed: number }

const BOOKS = [0x5a2318, 0x24402f, 0x2c2f4c, 0x6e4d1e, 0x43202e, 0x4c3d2c, 0x7a5a34];

/** Shelves along the back wall and both sides, filled by chance (always the same). */
export function makeShelves(materials: Materials, fine: boolean): { group: THREE.Group; triangles: number } {
  const group = new THREE.Group();
  const board = new THREE.MeshStandardMaterial({ map: wood(0.62, 2), roughness: 0.7, envMapIntensity: 0.4 });
  const runs: Run[] = [
    { length: 20, rows: 9, seed: 3, calm: (a, u) => Math.abs(a - 10) < 7.4 && u > -1 && u < 6.5, at: (a, u, o) => new THREE.Matrix4().makeTranslation(a - 10, u, -11.8 + o) },
    { length: 13, rows: 9, seed: 5, calm: () => false, at: (a, u, o) => new THREE.Matrix4().makeTranslation(-9.6 + o, u, 1.2 - a).multiply(new THREE.Matrix4().makeRotationY(Math.PI / 2)) },
    { length: 13, rows: 9, seed: 11, calm: () => false, at: (a, u, o) => new THREE.Matrix4().makeTranslation(9.6 - o, u, 1.2 - a).multiply(new THREE.Matrix4().makeRotationY(-Math.PI / 2)) },
  ];
  const stock = new Stock(materials, fine);
  const planks: THREE.Matrix4[] = [];
  for (const run of runs) fill(run, stock, planks, fine);
  const plank = new THREE.InstancedMesh(new THREE.BoxGeometry(1, 1, 1), board, planks.length);
  planks.forEach((m, i) => plank.setMatrixAt(i, m));
  group.add(plank, ...stock.meshes());
  return { group, triangles: stock.triangles + planks.length * 12 };
}

function fill(run: Run, stock: Stock, planks: THREE.Matrix4[], fine: boolean): void {
  const rnd = numbers(run.seed * 7919);
  const gap = (TOP - FLOOR) / run.rows;
  const posts = Math.max(2, Math.round(run.length / 3.3));
  const put = (along: number, up: number, out: number, sx: number, sy: number, sz: number): THREE.Matrix4 =>
    run.at(along, up, out).multiply(new THREE.Matrix4().makeScale(sx, sy, sz));
  for (let i = 0; i <= posts; i++) {
    planks.push(put((i / posts) * run.length, (TOP + FLOOR) / 2, 0, 0.16, TOP - FLOOR, 1.1));
  }
  const rows = fine ? run.rows : run.rows - 3; // the highest are in the dark, and seldom seen
  for (let row = 0; row < rows; row++) {
    const up = FLOOR + 0.4 + row * gap;
    planks.push(put(run.length / 2, up, 0, run.length, 0.1, 1.05));
    let along = 0.25;
    while (along < run.length - 0.4) along += item(run, stock, rnd, along, up + 0.05, gap, fine);
  }
}

/** Put one thing on a shelf; how far along it reaches. */
function item(run: Run, stock: Stock, rnd: () => number, along: number, up: number, gap: number, fine: boolean): number {
  const k = fine ? rnd() : rnd() ** 0.75; // fewer books, more room, on a weak machine
  if (k < 0.56) {
    const n = 2 + Math.floor(rnd() * (fine ? 6 : 3));
    let x = 0;
    for (let i = 0; i < n; i++) {
      const w = 0.11 + rnd() * 0.14;
      const h = (0.38 + rnd() * 0.3) * gap;
      const lean = rnd() < 0.12 ? 0.12 : 0;
      const m = run.at(along + x + w / 2, up + h / 2, 0.12 + rnd() * 0.1);
      m.multiply(new THREE.Matrix4().makeRotationZ(lean)).multiply(new THREE.Matrix4().makeScale(w, h, 0.62));
      stock.add("book", m, BOOKS[Math.floor(rnd() * BOOKS.length)]);
      x += w + 0.012 + lean * h * 0.6;
    }
    return x + 0.06 + rnd() * 0.3;
  }
  if (k < 0.72) {
    const r = 0.16 + rnd() * 0.14;
    const tall = 1.6 + rnd() * 1.4;
    const m = run.at(along + r, up, 0.3).multiply(new THREE.Matrix4().makeScale(r, r * tall, r));
    stock.add("bottle", m, [0x8a4a18, 0x2a5c48, 0x2c4c74][Math.floor(rnd() * 3)]);
    return 2 * r + 0.16 + rnd() * 0.2;
  }
  if (k < (fine ? 0.84 : 0.78)) {
    if (run.calm(along, up)) return 0.2; // nothing glitters right behind the heart
    const r = Math.min(0.26 + rnd() * 0.42, 0.42 * gap);
    const m = run.at(along + r, up + r, 0.36).multiply(new THREE.Matrix4().makeRotationX(-0.14 + rnd() * 0.05));
    stock.add(rnd() < 0.7 ? "gear" : "clock", m.multiply(new THREE.Matrix4().makeScale(r, r, r)), rnd() < 0.7 ? 0xb08a4a : 0x9a6448);
    return 2 * r + 0.2;
  }
  if (k < 0.9) {
    const r = 0.1 + rnd() * 0.06;
    stock.add("orb", run.at(along + r, up + r * 1.25, 0.34).multiply(new THREE.Matrix4().makeScale(r, r, r)), 0xffb060);
    stock.add("cup", run.at(along + r, up, 0.34).multiply(new THREE.Matrix4().makeScale(r, r, r)), 0xd8a24c);
    return 2 * r + 0.3;
  }
  return 0.35 + rnd() * 0.7;
}

type Kind = "book" | "bottle" | "gear" | "clock" | "orb" | "cup";

/** Instances of a few things, coloured each. */
class Stock {
  triangles = 0;
  private readonly lists = new Map<Kind, { matrix: THREE.Matrix4; colour: number }[]>();

  constructor(private readonly materials: Materials, private readonly fine: boolean) {}

  add(kind: Kind, matrix: THREE.Matrix4, colour = 0xffffff): void {
    const list = this.lists.get(kind) ?? [];
    list.push({ matrix, colour });
    this.lists.set(kind, list);
  }

  meshes(): THREE.Object3D[] {
    return [...this.lists].map(([kind, list]) => {
      const { geometry, material } = this.model(kind);
      const mesh = new THREE.InstancedMesh(geometry, material, list.length);
      list.forEach(({ matrix, colour }, i) => {
        mesh.setMatrixAt(i, matrix);
        mesh.setColorAt(i, new THREE.Color(colour));
      });
      mesh.frustumCulled = false;
      this.triangles += ((geometry.index?.count ?? geometry.attributes["position"]?.count ?? 0) / 3) * list.length;
      return mesh;
    });
  }

  private model(kind: Kind): { geometry: THREE.BufferGeometry; material: THREE.Material } {
    const sides = this.fine ? 18 : 6;
    const body = new Mesher();
    const upright = new THREE.Matrix4().makeRotationX(-Math.PI / 2);
    const white = (roughness: number, metalness: number): THREE.MeshStandardMaterial =>
      new THREE.MeshStandardMaterial({ color: 0xffffff, roughness, metalness, envMapIntensity: 0.45 });
    if (kind === "book") return { geometry: new THREE.BoxGeometry(1, 1, 1), material: white(0.7, 0) };
    if (kind === "bottle") {
      turn(body, [0, 0, 1, 0, 1, 0.62, 0.42, 0.84, 0.4, 1, 0.5, 1.02, 0, 1.03], sides, upright);
      return { geometry: body.geometry(), material: white(0.12, 0.1) };
    }
    if (kind === "orb") {
      const glow = new THREE.MeshStandardMaterial({ color: 0xffc88a, roughness: 0.1, emissive: 0xff8a30, emissiveIntensity: 1.5 });
      return { geometry: new THREE.SphereGeometry(1, sides, Math.max(5, sides / 2)), material: glow };
    }
    if (kind === "cup") {
      turn(body, [0, 0, 0.7, 0, 0.5, 0.2, 0.3, 0.4, 0, 0.4], sides, upright);
      return { geometry: body.geometry(), material: this.materials.brass };
    }
    if (kind === "clock") {
      turn(body, [1, -0.25, 1, 0.12, 0.86, 0.2, 0.84, 0.1, 0, 0.1], this.fine ? 28 : 10, new THREE.Matrix4());
      const face = new THREE.MeshStandardMaterial({ map: dial(), roughness: 0.45, metalness: 0.2, emissiveMap: dial(), emissive: 0xffc080, emissiveIntensity: 0.22 });
      return { geometry: body.geometry(), material: face };
    }
    wheelOf(body, this.fine ? 26 : 10);
    return { geometry: body.geometry(), material: white(0.36, 1) };
  }
}

/** A plain toothed wheel of radius 1. */
function wheelOf(body: Mesher, teeth: number): void {
  const outer: number[] = [];
  for (let i = 0; i < teeth; i++) {
    for (const [r, share] of [[0.86, -0.3], [1, -0.16], [1, 0.16], [0.86, 0.3]] as const) {
      const a = ((i + share) / teeth) * Math.PI * 2;
      outer.push(r * Math.cos(a), r * Math.sin(a));
    }
  }
  const holes: number[][] = [];
  const arms = teeth > 12 ? 5 : 0;
  for (let i = 0; i < arms; i++) {
    const hole: number[] = [];
    for (const [r, from, to] of [[0.7, 0.09, 0.91], [0.24, 0.78, 0.22]] as const) {
      for (let k = 0; k <= 3; k++) {
        const a = ((i + from + ((to - from) * k) / 3) / arms) * Math.PI * 2;
        hole.push(r * Math.cos(a), r * Math.sin(a));
      }
    }
    holes.push(hole);
  }
  extrude(body, outer, holes, { z: -0.07, depth: 0.14, bevel: 0, back: false });
}
