/**
 * The room: a dark workshop in which works stand and beat, drawn from the engine's own geometry.
 *
 * The page drives it: `addWork`, then `setPoses` with every frame that arrives.
 */

import * as THREE from "three";
import type {
  BeatRecord, ContactNote, CriticLook, LabelItem, Mood, PoseFrame, RoomOptions, RoomState, Scene, ViewName,
} from "./types";

export type * from "./types";

export class Room {
  fps = 0;
  quality: string;
  private readonly renderer: THREE.WebGLRenderer;
  private readonly world = new THREE.Scene();
  private readonly camera = new THREE.PerspectiveCamera(34, 1, 0.05, 80);
  private readonly works = new Map<number, { scene: Scene; group: THREE.Group; frames: number }>();
  private frames = 0;
  private mood: Mood = { light: 1, tiltDeg: 0, cold: 0, warp: [], discord: 0 };
  private critic: CriticLook = { visible: false, gazeWork: null, name: "", face: "" };
  private focused: { work: number | null; view: ViewName } = { work: null, view: "whole" };

  constructor(private readonly canvas: HTMLCanvasElement, options: RoomOptions = {}) {
    this.quality = options.quality ?? "high";
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: this.quality === "high" });
    this.world.background = new THREE.Color(0x060403);
    this.world.add(new THREE.HemisphereLight(0xffd9a8, 0x201008, 2));
    this.camera.position.set(0, 0, 6);
    this.renderer.setAnimationLoop(() => this.draw());
  }

  addWork(id: number, scene: Scene, _place: "stand" | "shelf" = "stand"): void {
    this.removeWork(id);
    const group = new THREE.Group();
    this.works.set(id, { scene, group, frames: 0 });
    this.world.add(group);
  }

  removeWork(id: number): void {
    const work = this.works.get(id);
    if (work) this.world.remove(work.group);
    this.works.delete(id);
  }

  setPoses(id: number, _frame: PoseFrame): void {
    const work = this.works.get(id);
    if (work) work.frames += 1;
  }

  setContacts(_id: number, _contacts: ContactNote[]): void {}

  setMood(mood: Mood): void {
    this.mood = mood;
  }

  setCritic(critic: CriticLook): void {
    this.critic = critic;
  }

  focus(id: number, view: ViewName = "whole"): void {
    this.focused = { work: id, view };
  }

  scrub(_beat: BeatRecord | null, _t?: number): void {}

  label(_items: LabelItem[]): void {}

  picture(): Promise<Blob> {
    this.draw();
    return new Promise((resolve, reject) => {
      this.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the canvas gave no picture"))), "image/png");
    });
  }

  state(): RoomState {
    const { x, y, z } = this.camera.position;
    return {
      works: [...this.works].map(([id, w]) => ({
        id, design: w.scene.design, meshes: w.group.children.length, framesReceived: w.frames, lastAngles: {},
      })),
      meshes: 0, triangles: 0, calls: 0, frames: this.frames, fps: this.fps, quality: this.quality,
      focus: this.focused, camera: [x, y, z], scrub: null, mood: this.mood, critic: this.critic, labels: [],
    };
  }

  dispose(): void {
    this.renderer.setAnimationLoop(null);
    this.renderer.dispose();
  }

  private draw(): void {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    if (w && h && (this.canvas.width !== w || this.canvas.height !== h)) {
      this.renderer.setSize(w, h, false);
      this.camera.aspect = w / h;
      this.camera.updateProjectionMatrix();
    }
    this.renderer.render(this.world, this.camera);
    this.frames += 1;
  }
}
