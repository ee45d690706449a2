/** Where works stand: the heart on the bench's middle, others about it, clocks on the wall. Room units. */

import * as THREE from "three";
import type { Scene } from "./types";

const STAND = 20; // units per metre: the heart is about as tall as three units
const WATCH_RADIUS = 0.62;
const CLOCK_HEIGHT = 5.4;

const BENCH: [number, number, number][] = [
  [3.2, 0, -1.15], [-2.75, 0, -1.85], [4.75, 0, -1.3], [-4.9, 0, -1.3], [2.75, 0, -2.1], [6.1, 0, -0.6], [-6.2, 0, -0.4], [5.9, 0, -2.4],
];
const WALL: [number, number, number][] = [[5.1, 5.1, -5.0], [-5.4, 5.1, -5.6], [2.4, 5.4, -8.4], [-2.4, 5.4, -8.4]];

export interface Slot { scale: number; at: THREE.Vector3; index: number; kind: "stand" | "bench" | "wall" }

/** A free place for a work; of a clock's, where there is one, on the side (below 0: left) where its shelf is. */
export function slotFor(scene: Scene, place: "stand" | "shelf", taken: Slot[], side = 0): Slot {
  const radius = scene.views["whole"]?.radius ?? 0.02;
  const kind = scene.mount === "clock" ? "wall" : place === "stand" ? "stand" : "bench";
  const spots = kind === "wall" ? WALL : kind === "bench" ? BENCH : [[0, 0, 0] as [number, number, number]];
  const free = spots.map((_, i) => i).filter((i) => !taken.some((s) => s.kind === kind && s.index === i));
  const beside = kind === "wall" ? free.find((i) => (spots[i]?.[0] ?? 0) * side > 0) : undefined;
  const index = beside ?? free[0] ?? spots.length - 1;
  const [x, y, z] = spots[index] as [number, number, number];
  const scale = scene.mount === "heart" && kind === "stand" ? STAND
    : kind === "wall" ? CLOCK_HEIGHT / (scene.box[4] - scene.box[1])
        : (kind === "stand" ? 1.5 : scene.mount === "heart" ? 0.8 : WATCH_RADIUS) / radius;
  return { scale, at: new THREE.Vector3(x, y, z), index, kind };
}

/** A board behind a hanging clock. */
export function board(scene: Scene, scale: number): THREE.Group {
  const [x0, y0, , x1, y1] = scene.box;
  const group = new THREE.Group();
  const wide = Math.min((x1 - x0) * scale + 0.5, 1.9);
  const tall = (y1 - y0) * scale + 0.7;
  const material = new THREE.MeshStandardMaterial({ color: 0x3a1d0f, roughness: 0.5, envMapIntensity: 0.6 });
  const back = new THREE.Mesh(new THREE.BoxGeometry(wide, tall, 0.12), material);
  back.position.set(((x0 + x1) / 2) * scale, ((y0 + y1) / 2) * scale, scene.box[2] * scale - 0.14);
  const trim = new THREE.Mesh(new THREE.BoxGeometry(wide + 0.22, 0.16, 0.34), material);
  trim.position.set(back.position.x, back.position.y + tall / 2, back.position.z + 0.06);
  back.receiveShadow = true;
  group.add(back, trim);
  return group;
}
