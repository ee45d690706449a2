/** The standing works of the room: gyroscopes, orbs and webs on their boards, shown from the pictures that come. */

import * as THREE from "three";
import { Berths, type Board } from "./berths";
import { GyroscopeStock, GyroscopeView } from "./gyroscope";
import type { Materials } from "./materials";
import { OrbView } from "./orb";
import { SeenBuffer, type SeenFrame } from "./seen";
import type { Named, StandingScene, StandingView } from "./standing";
import { WebView } from "./threads";

interface Entry { view: StandingView; buffer: SeenBuffer; scene: StandingScene }

export class Gallery {
  readonly root = new THREE.Group();
  private readonly berths: Berths;
  private readonly stock: GyroscopeStock;
  private readonly works = new Map<number, Entry>();
  private attended: number | null = null;

  constructor(private readonly materials: Materials, private readonly fine: boolean) {
    this.berths = new Berths(materials);
    this.stock = new GyroscopeStock(materials, fine);
    this.stock.group.visible = false;
    this.root.add(this.berths.group, this.stock.group);
  }

  boards(boards: Board[]): void {
    this.berths.set(boards);
  }

  bend(shelf: string, sag: number): void {
    this.berths.bend(shelf, sag);
  }

  has(id: number): boolean {
    return this.works.has(id);
  }

  add(id: number, scene: StandingScene, shelf: string, along: number): void {
    this.remove(id);
    const view = this.view(scene);
    if (scene.type !== "web") view.group.position.copy(this.berths.place(shelf, along, view.half));
    this.root.add(view.group);
    this.stock.group.visible ||= scene.type === "gyroscope";
    this.works.set(id, { view, buffer: new SeenBuffer(), scene });
  }

  private view(scene: StandingScene): StandingView {
    if (scene.type === "gyroscope") return new GyroscopeView(scene, this.stock);
    if (scene.type === "galaxy") return new OrbView(scene, this.materials, this.fine);
    const { at, radius } = this.berths.hook();
    const view = new WebView(scene, radius);
    view.group.position.set(at.x, at.y - radius, at.z);
    return view;
  }

  remove(id: number): void {
    const entry = this.works.get(id);
    if (!entry) return;
    this.root.remove(entry.view.group);
    entry.view.dispose();
    this.works.delete(id);
  }

  set(id: number, frame: SeenFrame): void {
    this.works.get(id)?.buffer.push(frame);
  }

  attend(id: number | null): void {
    if (id === this.attended) return;
    for (const one of [this.attended, id]) if (one !== null) this.works.get(one)?.view.attend(one === id);
    this.attended = id;
  }

  step(dt: number): void {
    for (const { view, buffer } of this.works.values()) {
      const now = buffer.advance(dt);
      if (now) view.show(now, dt);
    }
  }

  /** Middle of a work in the world, and its radius. */
  whole(id: number): { aim: THREE.Vector3; radius: number } | null {
    const entry = this.works.get(id);
    if (!entry) return null;
    entry.view.group.updateWorldMatrix(true, false);
    const { up, radius } = entry.view.aim;
    return { aim: entry.view.group.localToWorld(new THREE.Vector3(0, up, 0)), radius };
  }

  /** The nearest work that a ray meets, and how far off. */
  pick(caster: THREE.Raycaster): { id: number; distance: number } | null {
    let found: { id: number; distance: number } | null = null;
    for (const [id, { view }] of this.works) {
      const hit = caster.intersectObject(view.solid, false)[0];
      if (hit && (!found || hit.distance < found.distance)) found = { id, distance: hit.distance };
    }
    return found;
  }

  names(ray: THREE.Ray | null): Named[] {
    return [...this.works.values()].flatMap(({ view }) => view.names(ray));
  }

  state(): { id: number; kind: string; framesReceived: number; told: number[] }[] {
    return [...this.works].map(([id, { view, buffer, scene }]) => ({
      id, kind: scene.kind, framesReceived: buffer.received, told: view.told(),
    }));
  }

  dispose(): void {
    for (const id of [...this.works.keys()]) this.remove(id);
    this.stock.dispose();
  }
}
