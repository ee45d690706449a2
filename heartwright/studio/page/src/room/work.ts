/** One work in the room: its parts, its pose buffer, its stand, and its contacts that light up. */

import * as THREE from "three";
import { PoseBuffer } from "./buffer";
import { build, type Built, type Detail } from "./build";
import { softShadow } from "./shadow";
import type { Materials } from "./materials";
import { Mesher, turn } from "./solids";
import { spark } from "./textures";
import type { BeatRecord, ContactNote, ContactPlace, PoseFrame, Scene, View, ViewName } from "./types";

/** How long a contact glows [real s]; glows are in proportion to the strongest blow of late. */
const GLOW = 0.2;
const FORGET = 0.998; // of that strongest, a blow

interface Flash { sprite: THREE.Sprite; place: ContactPlace; heat: number; held: number }

export class WorkView {
  readonly group = new THREE.Group();
  readonly built: Built;
  readonly buffer: PoseBuffer;
  readonly row: Float64Array;
  private readonly flashes = new Map<string, Flash>();
  private waiting: ContactNote[] = [];
  private strongest = 0;
  private uncovered = false;
  private glass: THREE.Mesh | null = null;
  private readonly covering = new Map<THREE.Mesh, THREE.Material>();
  private readonly body = new THREE.Group();
  private readonly fine: boolean;

  constructor(readonly scene: Scene, private readonly materials: Materials, detail: Detail, readonly scale: number, buffer?: PoseBuffer) {
    this.fine = detail === 2;
    this.built = build(scene, materials, detail);
    this.body.add(this.built.root);
    this.body.scale.setScalar(scale);
    this.group.add(this.body);
    const width = scene.rotors.length + scene.extras.length;
    this.row = new Float64Array(width);
    this.buffer = buffer ?? new PoseBuffer(width);
    const soft = spark();
    for (const place of scene.contacts) {
      const sprite = new THREE.Sprite(new THREE.SpriteMaterial({
        map: soft, color: new THREE.Color(1.9, 1.5, 1), transparent: true, opacity: 0, depthWrite: false, depthTest: false,
        blending: THREE.AdditiveBlending,
      }));
      sprite.position.set(place.x, place.y, place.z);
      sprite.visible = false;
      this.built.root.add(sprite);
      this.flashes.set(place.pair, { sprite, place, heat: 0, held: 0 });
    }
    this.pose(this.row);
  }

  /** Middle of a view, in the world, and its radius in room units. */
  view(name: ViewName): { aim: THREE.Vector3; radius: number } {
    const box = this.scene.box;
    const whole: View = this.scene.views["whole"] ?? {
      x: (box[0] + box[3]) / 2, y: (box[1] + box[4]) / 2, z: box[5], radius: Math.max(box[3] - box[0], box[4] - box[1]) / 2,
    };
    const view = this.scene.views[name] ?? whole;
    this.group.updateWorldMatrix(true, true);
    return { aim: this.built.root.localToWorld(new THREE.Vector3(view.x, view.y, view.z)), radius: view.radius * this.scale };
  }

  /** Place of a named part (or contact pair) in the world; null if there is none. */
  placeOf(name: string): THREE.Vector3 | null {
    const part = this.built.places.get(name);
    if (part) return part.node.localToWorld(part.point.clone());
    const contact = this.scene.contacts.find((c) => c.pair === name);
    return contact ? this.built.root.localToWorld(new THREE.Vector3(contact.x, contact.y, contact.z)) : null;
  }

  setPoses(frame: PoseFrame): void {
    this.buffer.push(frame);
  }

  setContacts(contacts: ContactNote[]): void {
    this.waiting.push(...contacts);
    this.waiting.sort((a, b) => a.t - b.t);
    if (this.waiting.length > 400) this.waiting.splice(0, this.waiting.length - 400);
  }

  /** Go on by dt real seconds. */
  step(dt: number): void {
    if (this.buffer.advance(dt, this.row)) this.pose(this.row);
    const now = this.buffer.now;
    while (this.waiting.length && (this.waiting[0] as ContactNote).t <= now) {
      const note = this.waiting.shift() as ContactNote;
      const flash = this.flashes.get(note.pair);
      this.strongest = Math.max(this.strongest * FORGET, note.impulse, 1e-12);
      if (flash && note.t > now - 0.5) flash.heat = Math.max(flash.heat, 0.2 + 0.8 * Math.sqrt(note.impulse / this.strongest));
    }
    for (const flash of this.flashes.values()) {
      flash.heat = Math.max(0, flash.heat - dt / GLOW);
      this.shine(flash, Math.max(flash.heat, flash.held));
    }
  }

  private shine(flash: Flash, heat: number): void {
    const { sprite } = flash;
    sprite.visible = heat > 0.01;
    if (!sprite.visible) return;
    sprite.material.opacity = Math.min(1, 1.3 * heat);
    const part = this.scene.views["escapement"]?.radius ?? 0.02;
    sprite.scale.setScalar(part * (0.16 + 0.24 * heat));
  }

  /** Show one dense beat at time t; the pairs lit then. */
  scrub(beat: BeatRecord, t: number, window: number): string[] {
    const i = Math.min(Math.max((t - beat.t0) / beat.dt, 0), beat.angles.length - 1);
    const a = Math.floor(i);
    const u = i - a;
    const set = (names: string[], rows: number[][], offset: number, own: string[]): void => {
      names.forEach((name, k) => {
        const column = own.indexOf(name);
        if (column < 0) return;
        const v = rows[a]?.[k] ?? 0;
        this.row[offset + column] = v + u * ((rows[a + 1]?.[k] ?? v) - v);
      });
    };
    set(beat.rotors, beat.angles, 0, this.scene.rotors);
    if (beat.extras && beat.extra_values) set(beat.extras, beat.extra_values, this.scene.rotors.length, this.scene.extras);
    this.pose(this.row);
    const lit: string[] = [];
    for (const flash of this.flashes.values()) flash.held = 0;
    for (const c of beat.contacts) {
      const flash = this.flashes.get(c.pair);
      const age = Math.abs(t - c.t);
      if (!flash || age > window) continue;
      if (!lit.includes(c.pair)) lit.push(c.pair);
      if (1 - age / window < flash.held) continue;
      flash.held = 1 - age / window;
      if (Number.isFinite(c.x_m) && Number.isFinite(c.y_m)) this.carry(flash, c.x_m, c.y_m);
    }
    for (const flash of this.flashes.values()) this.shine(flash, flash.held);
    return lit;
  }

  /** Move a flash to a contact point told in the engine's frame (escape arbor at the origin). */
  private carry(flash: Flash, x: number, y: number): void {
    const wheel = this.scene.parts.find((p) => p.name === "escape wheel");
    flash.sprite.position.set((wheel?.x ?? 0) + x, (wheel?.y ?? 0) + y, flash.place.z);
  }

  /** See through what stands before the escapement, or not. */
  uncover(on: boolean): void {
    if (on === this.uncovered) return;
    this.uncovered = on;
    for (const mesh of this.built.covers) {
      if (on) this.covering.set(mesh, mesh.material as THREE.Material);
      mesh.material = on ? this.materials.ghost : (this.covering.get(mesh) ?? mesh.material);
      mesh.castShadow = !on;
      mesh.renderOrder = on ? 2 : 0;
    }
  }

  /** Leave the scrubbed beat. */
  release(): void {
    for (const flash of this.flashes.values()) {
      flash.held = 0;
      flash.sprite.position.set(flash.place.x, flash.place.y, flash.place.z);
    }
  }

  private pose(row: Float64Array): void {
    for (const move of this.built.movers) move(row);
  }

  /** Give the work what it stands in: a stand, a glass, or nothing where it hangs. */
  mount(): void {
    if (this.scene.mount === "heart") this.group.add(heartStand(this.materials, this.fine, this.body));
    if (this.scene.mount === "watch") {
      const { group, glass } = cloche(this.materials, this.fine, this.body, this.scene);
      this.glass = glass;
      this.group.add(group);
    }
  }

  /** Take the glass off while one looks closely, or put it back. */
  open(on: boolean): void {
    if (this.glass) this.glass.visible = !on;
  }

  dispose(): void {
    this.group.traverse((o) => {
      if (o instanceof THREE.Mesh) (o.geometry as THREE.BufferGeometry).dispose();
    });
  }
}

const UPRIGHT = new THREE.Matrix4().makeRotationX(-Math.PI / 2);

function lathe(profile: number[], material: THREE.Material, fine: boolean): THREE.Mesh {
  const m = new Mesher();
  turn(m, profile, fine ? 64 : 28, UPRIGHT);
  const mesh = new THREE.Mesh(m.geometry(), material);
  mesh.castShadow = mesh.receiveShadow = true;
  return mesh;
}

/** Base, column and fork that carry the heart at its apex; sets the heart's height. */
function heartStand(materials: Materials, fine: boolean, body: THREE.Group): THREE.Group {
  const stand = new THREE.Group();
  const size = body.scale.x / 20; // drawn for a heart of 20 units a metre
  stand.scale.setScalar(size);
  body.position.y = 2.28 * size;
  const base = lathe([0, 0, 1.02, 0, 1.06, 0.04, 1.04, 0.1, 0.9, 0.14, 0.6, 0.18, 0.36, 0.25, 0.2, 0.36, 0.13, 0.5, 0.11, 0.58, 0, 0.58], materials.iron, fine);
  const foot = lathe([1.045, 0.03, 1.085, 0.05, 1.085, 0.085, 1.045, 0.105], materials.gilt, fine);
  const knot = lathe([0.11, 0.4, 0.17, 0.43, 0.17, 0.49, 0.11, 0.52], materials.gilt, fine);
  const cup = lathe([0, 0.56, 0.16, 0.56, 0.2, 0.6, 0.13, 0.66, 0, 0.66], materials.gilt, fine);
  const spine = new THREE.Mesh(
    new THREE.TubeGeometry(new THREE.CatmullRomCurve3([
      new THREE.Vector3(0, 0.5, -0.05), new THREE.Vector3(0, 0.9, -0.34), new THREE.Vector3(0, 1.7, -0.42), new THREE.Vector3(0, 2.3, -0.12),
    ]), 20, 0.055, 10), materials.brass);
  stand.add(base, foot, knot, cup, spine);
  return stand;
}

/** A wooden foot, a small easel and a glass over a watch. */
function cloche(materials: Materials, fine: boolean, body: THREE.Group, scene: Scene): { group: THREE.Group; glass: THREE.Mesh } {
  const group = new THREE.Group();
  const whole = scene.views["whole"] ?? { x: 0, y: 0, z: 0, radius: 0.02 };
  const s = body.scale.x;
  const r = whole.radius * s;
  body.position.set(-whole.x * s, r + 0.34 - whole.y * s, 0.02);
  const foot = lathe([0, 0, r * 1.28, 0, r * 1.32, 0.04, r * 1.3, 0.1, r * 1.16, 0.14, r * 1.12, 0.17, 0, 0.17], materials.wood, fine);
  const ring = lathe([r * 1.06, 0.17, r * 1.1, 0.17, r * 1.1, 0.2, r * 1.06, 0.2], materials.gilt, fine);
  const post = lathe([0, 0.17, 0.05, 0.17, 0.035, 0.22, 0.03, 0.4, 0, 0.4], materials.brass, fine);
  post.position.z = -0.06;
  const tall = 2 * r + 0.32;
  const w = r * 1.06;
  const dome = [w, 0.18, w, 0.18 + tall - w * 0.7];
  for (let i = 1; i <= 8; i++) {
    const a = (i / 8) * (Math.PI / 2);
    dome.push(w * Math.cos(a), 0.18 + tall - w * 0.7 + w * 0.9 * Math.sin(a));
  }
  const glass = lathe(dome, materials.glass, fine);
  glass.castShadow = glass.receiveShadow = false;
  glass.renderOrder = 3;
  const shadow = softShadow(r * 1.9, r * 1.6, 0.75);
  shadow.position.y = 0.005;
  group.add(foot, ring, post, glass, shadow);
  return { group, glass };
}
