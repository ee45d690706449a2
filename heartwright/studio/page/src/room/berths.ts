/** Where standing works stand: boards that hang behind and beside the bench, and hooks for webs. Room units. */

import * as THREE from "three";
import type { Materials } from "./materials";

/** A shelf as the server tells it. */
export interface Board {
  name: string;
  length_m: number;
  x_m: number;
  kinds: string[];
}

interface Line { from: [number, number, number]; to: [number, number, number] }

const LONG: Line[] = [
  { from: [-6.5, 2.5, -4.2], to: [6.5, 2.5, -4.2] },
  { from: [-6.6, 4.6, -6.2], to: [6.6, 4.6, -6.2] },
];
const SHORT: Line[] = [
  { from: [2.2, 0.42, -4.1], to: [6.4, 0.42, -3.7] },
  { from: [-6.4, 0.42, -3.7], to: [-2.2, 0.42, -4.1] },
  { from: [2.6, 4.3, -5.2], to: [6.6, 4.3, -4.6] },
  { from: [-6.6, 4.3, -4.6], to: [-2.6, 4.3, -5.2] },
];
const WIDE_M = 2.5; // a shelf that is longer gets a long board
const HOOKS: { at: [number, number, number]; radius: number }[] = [
  { at: [0, 5.0, -8.2], radius: 2.75 },
  { at: [-6.4, 6.4, -9.4], radius: 2.1 },
  { at: [6.4, 6.4, -9.4], radius: 2.1 },
  { at: [0, 11, -9.4], radius: 2.4 },
];
const BENDS = 14; // segments of a plank
const CABLE = 11; // up to here its cables go

export class Berths {
  readonly group = new THREE.Group();
  private readonly known = new Map<string, Board>();
  private readonly lines = new Map<string, { line: Line; length: number; plank: THREE.Mesh; sag: number }>();
  private readonly used = new Set<Line>();
  private hooks = 0;

  constructor(private readonly materials: Materials) {}

  set(boards: Board[]): void {
    for (const board of boards) this.known.set(board.name, board);
  }

  /** Where a work goes that stands so far along a board; the board is hung with its first work. */
  place(shelf: string, along: number, half: number): THREE.Vector3 {
    const { line, length } = this.lines.get(shelf) ?? this.hang(shelf);
    const wide = Math.abs(line.to[0] - line.from[0]);
    const u = Math.min(Math.max(along / length, half / wide), 1 - half / wide);
    return new THREE.Vector3(...line.from).lerp(new THREE.Vector3(...line.to), u);
  }

  hook(): { at: THREE.Vector3; radius: number } {
    const found = HOOKS[Math.min(this.hooks, HOOKS.length - 1)] as (typeof HOOKS)[number];
    this.hooks += 1;
    return { at: new THREE.Vector3(...found.at), radius: found.radius };
  }

  /** Bend a board: how far its middle hangs below its ends, in room units. */
  bend(shelf: string, sag: number): void {
    const board = this.lines.get(shelf);
    if (!board || Math.abs(board.sag - sag) < 1e-4) return;
    board.sag = sag;
    const p = board.plank.geometry.attributes["position"] as THREE.BufferAttribute;
    const rest = board.plank.userData["rest"] as Float32Array;
    for (let i = 0; i < p.count; i++) {
      const x = 2 * (rest[3 * i] as number);
      p.setY(i, (rest[3 * i + 1] as number) - sag * (1 - x * x) * (1 - 0.2 * x * x));
    }
    p.needsUpdate = true;
  }

  private hang(name: string): { line: Line; length: number; plank: THREE.Mesh; sag: number } {
    const board = this.known.get(name);
    const long = (board?.length_m ?? 0) > WIDE_M;
    const list = long ? LONG : SHORT;
    const free = list.filter((one) => !this.used.has(one));
    const side = board?.x_m ?? 0; // left or right, as it is heard
    const line = free.find((one) => (one.from[0] + one.to[0]) * side > 0) ?? free[0] ?? (list[list.length - 1] as Line);
    this.used.add(line);
    const from = new THREE.Vector3(...line.from);
    const to = new THREE.Vector3(...line.to);
    const wide = from.distanceTo(to);
    const at = from.clone().lerp(to, 0.5);
    const turned = -Math.atan2(to.z - from.z, to.x - from.x);
    const geometry = new THREE.BoxGeometry(1, 0.1, 0.95, BENDS, 1, 1);
    const plank = new THREE.Mesh(geometry, this.materials.wood);
    plank.userData["rest"] = Float32Array.from((geometry.attributes["position"] as THREE.BufferAttribute).array);
    plank.scale.x = wide + 0.5;
    plank.position.set(at.x, at.y - 0.05, at.z);
    plank.rotation.y = turned;
    plank.receiveShadow = true;
    const edge = new THREE.Mesh(new THREE.BoxGeometry(wide + 0.5, 0.03, 0.03), this.materials.gilt);
    edge.position.set(0, -0.03, 0.485);
    const rail = new THREE.Group();
    rail.position.copy(plank.position);
    rail.rotation.y = turned;
    rail.add(edge);
    const rod = new THREE.CylinderGeometry(0.025, 0.025, CABLE, 6);
    for (const side of [-1, 1]) {
      for (const deep of [-0.4, 0.4]) {
        const cable = new THREE.Mesh(rod, this.materials.brass);
        cable.position.set(side * (wide / 2 + 0.16), CABLE / 2, deep);
        rail.add(cable);
      }
    }
    this.group.add(plank, rail);
    const hung = { line, length: board?.length_m ?? 1, plank, sag: 0 };
    this.lines.set(name, hung);
    return hung;
  }
}
