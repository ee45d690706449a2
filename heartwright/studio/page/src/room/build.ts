/** From a scene's parts to a tree of nodes that move: geometry merged by material in every node that turns as one. */

import * as THREE from "three";
import type { Materials } from "./materials";
import { Mesher, extrude, tube, turn } from "./solids";
import { bellows, mainspring, reed, spiral } from "./springs";
import type { Drive, Material, Part, Scene } from "./types";

/** 0: on a shelf of a weak machine, 1: there on the stand or on any shelf, 2: on the stand of a strong one. */
export type Detail = 0 | 1 | 2;
/** Share of a part's reach by which its outline may be simplified. */
const COARSE = [0.02, 0.0028, 0] as const;

/** Reads a drive's value from the row of poses. */
export type Read = (row: Float64Array) => number;
export type Mover = (row: Float64Array) => void;

export interface Built {
  root: THREE.Group;
  movers: Mover[];
  /** Where each named part is: its node and a point in it. */
  places: Map<string, { node: THREE.Object3D; point: THREE.Vector3 }>;
  /** Meshes before the escapement, to be seen through on demand. */
  covers: THREE.Mesh[];
  triangles: number;
}

interface Node { group: THREE.Group; meshers: Map<Material, Mesher>; cover: boolean }

const COVER = "cover";

/** A reader of `drive`, for rows of rotors followed by extras. */
export function reader(scene: Scene, drive: Drive): Read {
  const column = drive.source === "rotor"
    ? scene.rotors.indexOf(drive.name)
    : scene.rotors.length + scene.extras.indexOf(drive.name);
  const known = drive.source === "rotor" ? column >= 0 : scene.extras.includes(drive.name);
  const { ratio, offset, shape } = drive;
  if (!known) return () => offset;
  if (!shape) return (row) => (row[column] ?? 0) * ratio + offset;
  const { period, x, y } = shape;
  const first = x[0] ?? 0;
  return (row) => {
    const v = first + (((((row[column] ?? 0) - first) % period) + period) % period);
    let k = 0;
    while (k + 2 < x.length && (x[k + 1] as number) <= v) k++;
    const [a, b] = [x[k] as number, x[k + 1] as number];
    const u = Math.min(Math.max((v - a) / (b - a), 0), 1);
    return (y[k] as number) * (1 - u) + (y[k + 1] as number) * u;
  };
}

export function build(scene: Scene, materials: Materials, detail: Detail): Built {
  const built: Built = { root: new THREE.Group(), movers: [], places: new Map(), covers: [], triangles: 0 };
  const nodes = new Map<string, Node>();
  for (const part of scene.parts) {
    const soft = deforming(part, scene, materials, detail, built);
    if (soft) continue;
    const node = nodeOf(part, scene, nodes, built);
    const local = inNode(part);
    solid(part, meshOf(node, part.material), node, local, detail);
    place(part, node.group, local, built);
  }
  for (const node of nodes.values()) {
    for (const [material, mesher] of node.meshers) {
      const mesh = new THREE.Mesh(mesher.geometry(), materials[material]);
      mesh.castShadow = mesh.receiveShadow = material !== "glass";
      if (material === "glass") mesh.renderOrder = 2;
      node.group.add(mesh);
      if (node.cover) built.covers.push(mesh);
      built.triangles += mesher.index.length / 3;
    }
  }
  return built;
}

/** A baked turn of a part inside its node: its drive's offset, so that parts of one arbor share a node. */
function inNode(part: Part): THREE.Matrix4 {
  const standing = !part.turn && !part.slide;
  const m = new THREE.Matrix4().makeTranslation(standing ? part.x : 0, standing ? part.y : 0, part.z);
  if (part.turn && !part.turn.shape) m.multiply(new THREE.Matrix4().makeRotationZ(part.turn.offset));
  return m;
}

function meshOf(node: Node, material: Material): Mesher {
  let mesher = node.meshers.get(material);
  if (!mesher) {
    mesher = new Mesher();
    node.meshers.set(material, mesher);
  }
  return mesher;
}

function nodeOf(part: Part, scene: Scene, nodes: Map<string, Node>, built: Built): Node {
  const { turn: spin, slide } = part;
  const key = spin || slide
    ? JSON.stringify([part.x, part.y, spin?.name, spin?.ratio, spin?.shape, slide, part.cover])
    : part.cover ? COVER : "standing";
  let node = nodes.get(key);
  if (node) return node;
  node = { group: new THREE.Group(), meshers: new Map(), cover: part.cover ?? false };
  const { group } = node;
  if (spin || slide) group.position.set(part.x, part.y, 0);
  if (spin) {
    const read = reader(scene, spin.shape ? spin : { ...spin, offset: 0 });
    built.movers.push((row) => { group.rotation.z = read(row); });
  }
  if (slide) {
    const read = reader(scene, slide.drive);
    const { x, y } = group.position;
    built.movers.push((row) => {
      const v = read(row);
      group.position.set(x + slide.x * v, y + slide.y * v, 0);
    });
  }
  built.root.add(group);
  nodes.set(key, node);
  return node;
}

function place(part: Part, node: THREE.Object3D, local: THREE.Matrix4, built: Built): void {
  const point = new THREE.Vector3();
  if (part.type === "extrude") {
    const outer = part.shapes[0]?.outer ?? [];
    let x = 0;
    let y = 0;
    for (let i = 0; i + 1 < outer.length; i += 2) {
      x += outer[i] as number;
      y += outer[i + 1] as number;
    }
    const n = Math.max(outer.length / 2, 1);
    point.set(x / n, y / n, part.depth);
  } else if (part.type === "tube") {
    const middle = 3 * Math.floor(part.path.length / 6);
    point.set(part.path[middle] ?? 0, part.path[middle + 1] ?? 0, part.path[middle + 2] ?? 0);
  } else if (part.type === "turned" && part.shift) point.set(part.shift[0], part.shift[1], 0);
  point.applyMatrix4(local);
  for (const name of new Set([part.name, part.label])) {
    if (name && !built.places.has(name)) built.places.set(name, { node, point });
  }
}

function solid(part: Part, m: Mesher, node: Node, local: THREE.Matrix4, detail: Detail): void {
  const fine = detail === 2;
  const own = new Mesher();
  if (part.type === "extrude") {
    const bevel = fine ? Math.min(part.bevel, 0.4 * part.depth) : 0;
    for (const shape of part.shapes) extrude(own, shape.outer, shape.holes, { z: 0, depth: part.depth, bevel, back: fine, coarse: COARSE[detail] });
  } else if (part.type === "turned") {
    const wide = Math.max(...part.profile.filter((_, i) => i % 2 === 0));
    const [least, most] = ([[6, 16], [8, 30], [16, 72]] as const)[detail];
    const sides = Math.round(Math.min(Math.max(wide * (fine ? 7000 : 3000), least), most));
    const [dx, dy] = part.shift ?? [0, 0];
    const upright = new THREE.Matrix4().makeTranslation(dx, dy, 0);
    if (part.axis === "y") upright.multiply(new THREE.Matrix4().makeRotationX(-Math.PI / 2));
    if (part.axis === "x") upright.multiply(new THREE.Matrix4().makeRotationY(Math.PI / 2));
    turn(own, part.profile, sides, upright);
  } else if (part.type === "tube") {
    const every = fine ? 1 : 2;
    const path = part.path.filter((_, i) => Math.floor(i / 3) % every === 0);
    const last = part.path.slice(-3);
    if (every > 1 && Math.floor(part.path.length / 3 - 1) % every) path.push(...last);
    tube(own, path, part.radius, fine ? 20 : part.radius > 2e-3 ? 12 : 6);
  } else if (part.type === "jewel") {
    const r = part.radius;
    const sides = fine ? 28 : detail ? 12 : 7;
    const setting = meshOf(node, "gilt");
    turn(setting, [r, -0.2 * r, 1.75 * r, -0.2 * r, 1.75 * r, 0.12 * r, 1.45 * r, 0.3 * r, 1.02 * r, 0.12 * r], sides, local);
    turn(own, [0.22 * r, -0.1 * r, r, 0, 0.94 * r, 0.26 * r, 0.7 * r, 0.46 * r, 0.34 * r, 0.5 * r, 0.22 * r, 0.2 * r], sides, new THREE.Matrix4());
  } else if (part.type === "screw") screw(part.radius, part.slot, own, meshOf(node, "dark"), local, detail);
  m.add(own.geometry(), local);
}

function screw(r: number, slot: number, head: Mesher, dark: Mesher, local: THREE.Matrix4, detail: Detail): void {
  const fine = detail === 2;
  const w = 0.15;
  const arc = (from: number, to: number): number[] => {
    const out: number[] = [];
    const n = fine ? 14 : detail ? 7 : 4;
    for (let i = 0; i <= n; i++) {
      const a = from + ((to - from) * i) / n;
      out.push(r * Math.cos(a + slot), r * Math.sin(a + slot));
    }
    return out;
  };
  const a = Math.asin(w);
  for (const half of [arc(a, Math.PI - a), arc(Math.PI + a, Math.PI * 2 - a)]) {
    extrude(head, half, [], { z: 0, depth: 0.42 * r, bevel: fine ? 0.12 * r : 0, back: false });
  }
  turn(dark, [0.96 * r, 0, 0.96 * r, 0.16 * r, 0, 0.16 * r], fine ? 20 : 8, local);
}

/** Springs, bellows and reeds: each a mesh of its own. */
function deforming(part: Part, scene: Scene, materials: Materials, detail: Detail, built: Built): boolean {
  let geometry: THREE.BufferGeometry;
  if (part.type === "spiral" && part.turn) {
    const body = spiral(part, detail);
    const inner = reader(scene, part.turn);
    const outer = part.outer_turn ? reader(scene, part.outer_turn) : () => 0;
    geometry = body.ribbon.geometry;
    built.movers.push((row) => body.set(inner(row), outer(row)));
  } else if (part.type === "mainspring" && part.turn) {
    const body = mainspring(part, detail);
    const wind = reader(scene, part.wind);
    const spin = reader(scene, part.turn);
    let shown = Number.NaN;
    geometry = body.ribbon.geometry;
    built.movers.push((row) => {
      const w = wind(row);
      if (Math.abs(w - shown) > 1e-4 || Number.isNaN(shown)) {
        shown = w;
        body.set(w, spin(row));
      }
    });
  } else if (part.type === "bellows") {
    const body = bellows(part, detail === 2);
    const squeeze = reader(scene, part.squeeze);
    geometry = body.geometry;
    built.movers.push((row) => body.set(squeeze(row)));
  } else if (part.type === "reed") {
    const body = reed(part);
    const lift = reader(scene, part.lift);
    geometry = body.geometry;
    built.movers.push((row) => body.set(lift(row)));
  } else return false;
  const surface = part.type === "spiral" ? "spring" : part.type === "mainspring" ? "steel" : part.material;
  const mesh = new THREE.Mesh(geometry, materials[surface]);
  mesh.position.set(part.x, part.y, part.z);
  mesh.frustumCulled = false;
  mesh.castShadow = mesh.receiveShadow = true;
  built.root.add(mesh);
  built.triangles += (geometry.index?.count ?? 0) / 3;
  built.places.set(part.name, { node: built.root, point: new THREE.Vector3(part.x, part.y, part.z) });
  if (part.label) built.places.set(part.label, { node: built.root, point: new THREE.Vector3(part.x, part.y, part.z) });
  return true;
}
