/**
 * The room: a dark workshop in which works stand and beat, drawn from the engine's own geometry.
 *
 * The page drives it: `addWork`, then `setPoses` with every frame that arrives. It shows poses a little behind the
 * newest through a jitter buffer, and computes nothing of a work beyond placing its parts.
 */

import * as THREE from "three";
import type { Detail } from "./build";
import { Critic } from "./critic";
import type { Board } from "./berths";
import { Gallery } from "./gallery";
import { type Hall, makeHall } from "./hall";
import { passingNames } from "./landmarks";
import { AirWords, Labels } from "./marks";
import { lightBox, makeMaterials, type Materials } from "./materials";
import { Mirror } from "./mirror";
import { Moods } from "./mood";
import { board, slotFor, type Slot } from "./places";
import { Post } from "./post";
import { CALM_S, drawnInSoftware, Quality, REST_S, REST_SOFTWARE_S, type Settings } from "./quality";
import { Rig } from "./rig";
import type { SeenFrame } from "./seen";
import { trianglesOf } from "./solids";
import type { StandingScene } from "./standing";
import type {
  BeatRecord, ContactNote, CriticLook, LabelItem, Mood, PoseFrame, RoomOptions, RoomState, Scene, ViewName,
} from "./types";
import { WorkView } from "./work";

export type * from "./types";

const WAYS: Record<ViewName, [number, number, number]> = {
  whole: [0.1, 0.1, 1], escapement: [0.12, 0.05, 1], pump: [-0.12, 0.06, 1], train: [-0.1, 0.16, 1], reeds: [0.1, 0.2, 1], barrel: [-0.3, 0.16, 1],
};

/** Share of a beat for which a contact of a scrubbed beat is lit, before and after. */
const LIT_FOR = 0.0016;

interface Entry { view: WorkView; slot: Slot; detail: Detail }

export class Room {
  private readonly renderer: THREE.WebGLRenderer;
  private readonly world = new THREE.Scene();
  private readonly root = new THREE.Group();
  private readonly rig: Rig;
  private readonly quality_: Quality;
  private readonly materials: Materials;
  private readonly hall: Hall;
  private readonly mirror: Mirror;
  private readonly moods: Moods;
  private readonly words = new AirWords();
  private readonly labels = new Labels();
  private readonly critic: Critic;
  private readonly gallery: Gallery;
  private readonly caster = new THREE.Raycaster();
  private pointed: THREE.Ray | null = null;
  private post: Post | null = null;
  private readonly works = new Map<number, Entry>();
  private readonly waiting: number[] = []; // works that gave up the stand
  private focused: { work: number | null; view: ViewName } = { work: null, view: "whole" };
  private beat: { record: BeatRecord; t: number; lit: string[]; named: string[] } | null = null;
  private asked: LabelItem[] = [];
  private frames = 0;
  private calls = 0;
  private drawn = 0;
  private last = 0;
  private clock = 0;
  private size = { width: 0, height: 0 };
  private ready = false;
  /** Drawn seldom, so that the machine's fan stays still while a microphone listens. */
  resting = false;
  private readonly software: boolean;
  private readonly fine: boolean;
  private readonly still: boolean;

  constructor(private readonly canvas: HTMLCanvasElement, options: RoomOptions = {}) {
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: false, powerPreference: "high-performance" });
    this.software = drawnInSoftware(this.renderer);
    this.fine = options.quality ? options.quality !== "low" : !this.software;
    this.still = options.reducedMotion ?? false;
    this.renderer.toneMapping = THREE.ACESFilmicToneMapping;
    this.renderer.shadowMap.type = THREE.PCFShadowMap;
    this.renderer.info.autoReset = false;
    this.rig = new Rig(canvas, this.still);
    this.materials = makeMaterials(this.fine);
    this.world.environment = lightBox(this.renderer);
    this.hall = makeHall(this.materials, this.fine);
    this.mirror = new Mirror(this.hall.bench, 0.17);
    this.critic = new Critic(this.fine);
    this.gallery = new Gallery(this.materials, this.fine);
    this.moods = new Moods(this.world, this.renderer, this.hall, this.root, this.still);
    this.root.add(this.hall.root, this.gallery.root, this.critic.group, this.critic.lit);
    this.world.add(this.root, this.words.group, this.labels.group);
    this.quality_ = new Quality(this.fine ? "high" : "low", (s) => this.settle(s));
    this.settle(this.quality_.settings);
    this.look(true);
    this.prepare();
    this.renderer.setAnimationLoop((now) => this.frame(now));
  }

  get fps(): number {
    return this.quality_.fps;
  }

  get quality(): string {
    return this.quality_.settings.name;
  }

  addWork(id: number, scene: Scene, place: "stand" | "shelf" = "stand", side = 0): void {
    this.takeAway(id);
    const before = place === "stand" ? [...this.works].find(([, w]) => w.slot.kind === "stand") : undefined;
    if (before) { // the stand is one work's: who stood there waits on the bench
      this.waiting.push(before[0]);
      this.stand(before[0], before[1].view.scene, "shelf");
    }
    this.stand(id, scene, place, undefined, side);
  }

  setBoards(boards: Board[]): void {
    this.gallery.boards(boards);
  }

  /** How far the middle of a board hangs down, in room units. */
  bendBoard(name: string, sag: number): void {
    this.gallery.bend(name, sag);
  }

  addStanding(id: number, scene: StandingScene, shelf: string, along: number): void {
    this.gallery.add(id, scene, shelf, along);
    if (this.focused.work === id) this.focus(id);
  }

  setSeen(id: number, frame: SeenFrame): void {
    const { t, speed, values } = frame;
    if (this.works.has(id)) this.setPoses(id, { t0: t, dt: 1, nSample: 1, nRotor: values.length, nExtra: 0, speed, data: values });
    else this.gallery.set(id, frame);
  }

  /** The work that is drawn at a point of the canvas (CSS pixels from its corner), if any. */
  pick(x: number, y: number): number | null {
    const { caster } = this;
    this.aimAt(x, y);
    const met = this.gallery.pick(caster);
    let [id, far] = [met?.id ?? null, met?.distance ?? Infinity];
    for (const [other, { view }] of this.works) {
      const { aim, radius } = view.view("whole");
      const hit = caster.ray.intersectSphere(new THREE.Sphere(aim, 0.8 * radius), new THREE.Vector3());
      const off = hit?.distanceTo(caster.ray.origin) ?? Infinity;
      if (off < far) [id, far] = [other, off];
    }
    return id;
  }

  /** Name what the pointer is at; null: it is away. */
  point(at: { x: number; y: number } | null): void {
    if (at) this.aimAt(at.x, at.y);
    this.pointed = at ? this.caster.ray.clone() : null;
    this.name();
  }

  private aimAt(x: number, y: number): void {
    const { width, height } = this.size;
    this.caster.setFromCamera(new THREE.Vector2((2 * x) / width - 1, 1 - (2 * y) / height), this.rig.camera);
  }

  removeWork(id: number): void {
    this.gallery.remove(id);
    const stood = this.works.get(id)?.slot.kind === "stand";
    this.takeAway(id);
    const back = stood ? this.waiting.pop() : undefined;
    const entry = back === undefined ? undefined : this.works.get(back);
    if (back !== undefined && entry) this.stand(back, entry.view.scene, "stand");
  }

  /** Put a work up: anew in a free place, or in the one that it has. */
  private stand(id: number, scene: Scene, place: "stand" | "shelf", own?: Slot, side = 0): void {
    const held = this.works.get(id)?.view.buffer;
    this.takeAway(id);
    const slot = own ?? slotFor(scene, place, [...this.works.values()].map((w) => w.slot), side);
    const detail = this.detailOf(id, slot);
    const view = new WorkView(scene, this.materials, detail, slot.scale, held);
    view.group.position.copy(slot.at);
    if (slot.kind === "wall") view.group.add(board(scene, slot.scale));
    else view.mount();
    this.works.set(id, { view, slot, detail });
    this.root.add(view.group);
    if (this.focused.work === null && slot.kind === "stand") this.focused.work = id;
    if (this.focused.work === id && !own) this.look(true);
  }

  /** How finely a work is built: what is looked at a step finer than the rest, on a strong machine the stand too. */
  private detailOf(id: number, slot: Slot): Detail {
    const near = id === this.focused.work || (slot.kind === "stand" && (this.fine || this.focused.work === null));
    return near ? (this.fine ? 2 : 1) : this.fine ? 1 : 0;
  }

  private takeAway(id: number): void {
    const entry = this.works.get(id);
    if (!entry) return;
    this.root.remove(entry.view.group);
    entry.view.dispose();
    this.works.delete(id);
  }

  setPoses(id: number, frame: PoseFrame): void {
    this.works.get(id)?.view.setPoses(frame);
  }

  setContacts(id: number, contacts: ContactNote[]): void {
    this.works.get(id)?.view.setContacts(contacts);
  }

  setMood(mood: Mood): void {
    this.moods.set(mood);
    this.words.set(mood.warp);
  }

  setCritic(look: CriticLook): void {
    this.critic.set(look);
    this.seen = look;
  }

  private seen: CriticLook = { visible: false, gazeWork: null, name: "", face: "" };

  focus(id: number, view: ViewName = "whole"): void {
    const same = this.focused.work === id && this.focused.view === view;
    if (this.focused.work !== id && this.beat) this.scrub(null);
    this.focused = { work: id, view };
    this.gallery.attend(this.gallery.has(id) ? id : null);
    if (this.gallery.has(id) || this.labels.texts.length) this.name();
    for (const [other, entry] of [...this.works]) {
      if (entry.detail !== this.detailOf(other, entry.slot)) this.stand(other, entry.view.scene, entry.slot.kind === "stand" ? "stand" : "shelf", entry.slot);
    }
    // told again what is in view already, the eye stays where a hand may have led it; a click leads it back
    if (!same || (globalThis.navigator?.userActivation?.isActive ?? true)) this.look(false);
  }

  /** Show one dense beat at time t (of the work), contacts lit and landmarks named; null goes back to the live poses. */
  scrub(beat: BeatRecord | null, t?: number): void {
    const entry = this.focusedEntry();
    if (!beat) {
      this.beat = null;
      entry?.view.release();
    } else this.beat = { record: beat, t: t ?? beat.t0, lit: [], named: [] };
    this.name();
  }

  label(items: LabelItem[]): void {
    this.asked = items;
    this.name();
  }

  picture(): Promise<Blob> {
    this.draw();
    return new Promise((resolve, reject) => {
      this.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the canvas gave no picture"))), "image/png");
    });
  }

  state(): RoomState {
    const { x, y, z } = this.rig.camera.position;
    let meshes = 0;
    let triangles = 0;
    this.root.traverseVisible((o) => {
      if (!(o instanceof THREE.Mesh)) return;
      meshes += 1;
      triangles += trianglesOf(o);
    });
    return {
      works: [...this.works].map(([id, { view }]) => {
        let own = 0;
        view.group.traverse((o) => { if (o instanceof THREE.Mesh) own += 1; });
        const names = [...view.scene.rotors, ...view.scene.extras];
        return {
          id, design: view.scene.design, meshes: own, framesReceived: view.buffer.received,
          lastAngles: Object.fromEntries(names.map((name, i) => [name, view.row[i] ?? 0])),
        };
      }),
      standing: this.gallery.state(),
      meshes, triangles, drawn: this.drawn, calls: this.calls, frames: this.frames, fps: this.fps, quality: this.quality,
      focus: { ...this.focused }, camera: [x, y, z],
      scrub: this.beat ? { t: this.beat.t, lit: this.beat.lit, named: this.beat.named } : null,
      mood: this.moods.asked, critic: this.seen, labels: this.labels.texts,
    };
  }

  dispose(): void {
    this.renderer.setAnimationLoop(null);
    for (const id of [...this.works.keys()]) this.removeWork(id);
    this.labels.clear();
    this.rig.dispose();
    this.mirror.dispose();
    this.critic.dispose();
    this.gallery.dispose();
    this.post?.dispose();
    this.renderer.dispose();
  }

  private focusedEntry(): Entry | undefined {
    return this.focused.work === null ? undefined : this.works.get(this.focused.work);
  }

  private look(atOnce: boolean): void {
    const entry = this.focusedEntry();
    const standing = this.focused.work === null ? null : this.gallery.whole(this.focused.work);
    if (standing) {
      this.rig.view(standing.aim, standing.radius * 1.25, new THREE.Vector3(0.05, 0.08, 1), atOnce);
      return;
    }
    if (!entry) {
      this.rig.view(new THREE.Vector3(0, 2.05, 0), 2.3, new THREE.Vector3(0.07, 0.12, 1), atOnce);
      return;
    }
    const { aim, radius } = entry.view.view(this.focused.view);
    const way = new THREE.Vector3(...WAYS[this.focused.view]);
    if (this.focused.view === "whole" && entry.slot.kind === "stand") {
      const upright = this.rig.camera.aspect < 1;
      this.rig.view(aim.clone().add(new THREE.Vector3(0, upright ? 0.5 : -0.3, 0)), radius * (upright ? 1.24 : 1.2), way, atOnce);
    } else this.rig.view(aim, radius * 1.08, way, atOnce);
  }

  /** Settings of a step of the quality ladder. */
  private settle(s: Settings): void {
    const { key } = this.hall.lights;
    this.renderer.shadowMap.enabled = s.shadows;
    key.castShadow = s.shadows;
    this.mirror.strength = s.mirror > 0 ? 1 : 0;
    this.world.traverse((o) => {
      if (o instanceof THREE.Mesh) for (const m of [o.material].flat() as THREE.Material[]) m.needsUpdate = true;
    });
    this.resize(true);
  }

  private resize(force = false): void {
    const width = this.canvas.clientWidth || 320;
    const height = this.canvas.clientHeight || 180;
    if (!force && width === this.size.width && height === this.size.height) return;
    const changed = this.size.width > 0 && Math.abs(width / height - this.rig.camera.aspect) > 0.01;
    this.size = { width, height };
    const s = this.quality_.settings;
    const ratio = Math.min(globalThis.devicePixelRatio || 1, s.ratio);
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
    this.rig.camera.aspect = width / height;
    this.rig.camera.updateProjectionMatrix();
    this.post?.resize(width, height, ratio);
    if (s.mirror) this.mirror.resize(width * ratio * s.mirror, height * ratio * s.mirror);
    if (changed && !this.rig.led) this.look(true);
  }

  /** Names asked for, and in a scrubbed beat the landmark that is passing. */
  private name(): void {
    const items = this.asked.map((item) => ({ text: item.text, at: () => this.works.get(item.work)?.view.placeOf(item.part) ?? null }));
    const beat = this.beat;
    const entry = this.focusedEntry();
    if (beat && entry) {
      const passing = passingNames(beat.record, beat.t, entry.view.scene.mount === "clock");
      beat.named = passing.map((p) => p.landmark);
      for (const { text, part } of passing) items.push({ text, at: () => entry.view.placeOf(part) });
    }
    items.push(...this.gallery.names(this.pointed));
    this.labels.set(items);
  }

  /** Have the shaders made beside the page's work, one swatch of each surface; the room is dark until they are there. */
  private prepare(): void {
    const swatches = new THREE.Group();
    const bit = new THREE.PlaneGeometry(1e-4, 1e-4);
    for (const material of Object.values(this.materials)) {
      const swatch = new THREE.Mesh(bit, material);
      swatch.receiveShadow = true;
      swatches.add(swatch);
    }
    this.world.add(swatches);
    const done = (): void => {
      this.world.remove(swatches);
      this.ready = true;
    };
    this.renderer.compileAsync(this.world, this.rig.camera).then(done, done);
  }

  private frame(now: number): void {
    const dt = this.last ? (now - this.last) / 1000 : 0;
    const least = this.resting ? (this.software ? REST_SOFTWARE_S : REST_S) : this.software ? CALM_S : 0;
    if (!this.ready || (dt < least && this.last > 0)) return;
    this.last = now;
    if (!this.resting) this.quality_.frame(dt);
    this.step(Math.min(dt, 0.25));
    this.draw();
  }

  private step(dt: number): void {
    this.clock += dt;
    this.resize();
    this.rig.step(dt);
    const focused = this.focusedEntry();
    for (const entry of this.works.values()) if (!(this.beat && entry === focused)) entry.view.step(dt);
    if (this.beat && focused) {
      const { record, t } = this.beat;
      this.beat.lit = focused.view.scrub(record, t, LIT_FOR * record.dt * record.angles.length);
    }
    this.gallery.step(dt);
    this.attend(focused);
    for (const entry of this.works.values()) entry.view.uncover(entry === focused && (this.focused.view === "escapement" || this.beat !== null));
    this.moods.step(this.clock, dt, this.critic.group.visible, this.rig.camera.position.distanceTo(this.rig.controls.target));
    const places = [...this.works.values()].map(({ view }) => view.view("whole").aim);
    const target = this.seen.gazeWork === null ? null : this.wholeOf(this.seen.gazeWork)?.aim ?? null;
    this.critic.step(this.clock, dt, places, target, this.still);
    const whole = (this.focused.work === null ? null : this.wholeOf(this.focused.work)) ?? { aim: new THREE.Vector3(0, 2.2, 0), radius: 2 };
    this.words.step(this.clock, dt, whole.aim, whole.radius, this.still);
    this.labels.step(this.rig.camera, this.size);
  }

  private wholeOf(id: number): { aim: THREE.Vector3; radius: number } | null {
    return this.works.get(id)?.view.view("whole") ?? this.gallery.whole(id);
  }

  /** What stands away from the lamp and is looked at has its glass off and a light of its own. */
  private attend(focused: Entry | undefined): void {
    for (const entry of this.works.values()) entry.view.open(entry === focused);
    const standing = this.focused.work === null ? null : this.gallery.whole(this.focused.work);
    const away = standing !== null || (focused !== undefined && focused.slot.kind !== "stand");
    const { attending } = this.hall.lights;
    attending.intensity = away ? 7 * (0.1 + 0.9 * this.moods.asked.light) : 0;
    if (!away) return;
    const { aim, radius } = standing ?? (focused as Entry).view.view("whole");
    const near = Math.min(radius, 1.2);
    attending.position.copy(this.root.worldToLocal(aim.add(new THREE.Vector3(-1.3 * near, 1.5 * near, 2.2 * near))));
  }

  private draw(): void {
    const { renderer, world } = this;
    const { camera } = this.rig;
    renderer.info.reset();
    world.updateMatrixWorld();
    camera.updateMatrixWorld();
    const s = this.quality_.settings;
    this.critic.reflect(renderer, world, this.clock, this.hall.shelves);
    if (s.mirror > 0) {
      this.mirror.render(renderer, world, camera, [...this.hall.flat, this.words.group, this.labels.group, this.hall.haze]);
    }
    if (s.post || this.moods.needsAir) {
      this.post ??= this.makePost(s);
      this.post.glowing = s.bloom;
      const seen = ((this.focused.work === null ? null : this.wholeOf(this.focused.work))?.aim ?? new THREE.Vector3(0, 2, 0)).project(camera);
      this.moods.air(this.post, this.clock, seen);
      this.post.render();
    } else renderer.render(world, camera);
    this.frames += 1;
    this.drawn = renderer.info.render.triangles;
    this.calls = renderer.info.render.calls;
  }

  private makePost(s: Settings): Post {
    const post = new Post(this.renderer, this.world, this.rig.camera, s.bloom ? 4 : 0);
    post.resize(this.size.width, this.size.height, Math.min(globalThis.devicePixelRatio || 1, s.ratio));
    return post;
  }
}
