/** Words in the room: names on parts, and the judge's words that hang in the air. */

import * as THREE from "three";
import { words } from "./textures";
import type { WarpWord } from "./types";

interface Mark { text: string; sprite: THREE.Sprite; line: THREE.Line; at: () => THREE.Vector3 | null; aspect: number }

/** Names with a thin line to what they name, of constant size on the screen. */
export class Labels {
  readonly group = new THREE.Group();
  private marks: Mark[] = [];

  get texts(): string[] {
    return this.marks.map((m) => m.text);
  }

  set(items: { text: string; at: () => THREE.Vector3 | null; strong?: boolean }[]): void {
    const same = items.length === this.marks.length && items.every((item, i) => item.text === this.marks[i]?.text);
    if (same) {
      items.forEach((item, i) => { (this.marks[i] as Mark).at = item.at; });
      return;
    }
    this.clear();
    for (const item of items) {
      const { texture, aspect } = words(item.text, item.strong ? "#ffd9a0" : "#f1e4cf");
      const sprite = new THREE.Sprite(new THREE.SpriteMaterial({ map: texture, transparent: true, depthTest: false, depthWrite: false, fog: false, toneMapped: false }));
      sprite.renderOrder = 20;
      const line = new THREE.Line(
        new THREE.BufferGeometry().setAttribute("position", new THREE.BufferAttribute(new Float32Array(6), 3)),
        new THREE.LineBasicMaterial({ color: 0xffd9a0, transparent: true, opacity: 0.7, depthTest: false, fog: false }),
      );
      line.renderOrder = 19;
      line.frustumCulled = false;
      this.group.add(sprite, line);
      this.marks.push({ text: item.text, sprite, line, at: item.at, aspect });
    }
  }

  /** Put each name beside what it names, names apart from one another. */
  step(camera: THREE.PerspectiveCamera, pixels: { width: number; height: number }): void {
    const taken: { x: number; y: number; w: number }[] = [];
    const tall = 26 / Math.max(pixels.height, 1);
    this.marks.forEach((mark, i) => {
      const at = mark.at();
      mark.sprite.visible = mark.line.visible = at !== null;
      if (!at) return;
      const seen = at.clone().project(camera);
      const w = (tall * mark.aspect * pixels.height) / Math.max(pixels.width, 1);
      const side = seen.x > 0 || i % 2 === 0 ? 1 : -1;
      let x = seen.x + side * (w + 0.12);
      x = Math.min(Math.max(x, -1 + w), 1 - w);
      let y = Math.min(Math.max(seen.y + 0.14, -0.9), 0.92);
      for (let k = 0; k < 12 && taken.some((o) => Math.abs(o.x - x) < o.w + w && Math.abs(o.y - y) < 2.1 * tall); k++) y -= 2.2 * tall;
      taken.push({ x, y, w });
      const place = new THREE.Vector3(x, y, seen.z).unproject(camera);
      const far = place.distanceTo(camera.position);
      const size = 2 * tall * far * Math.tan(THREE.MathUtils.degToRad(camera.fov / 2));
      mark.sprite.position.copy(place);
      mark.sprite.scale.set(size * mark.aspect, size, 1);
      const end = new THREE.Vector3(x - side * w * 0.94, y - 0.4 * tall, seen.z).unproject(camera);
      const p = mark.line.geometry.attributes["position"] as THREE.BufferAttribute;
      p.setXYZ(0, at.x, at.y, at.z);
      p.setXYZ(1, end.x, end.y, end.z);
      p.needsUpdate = true;
    });
  }

  clear(): void {
    for (const mark of this.marks) {
      this.group.remove(mark.sprite, mark.line);
      mark.sprite.material.map?.dispose();
      mark.sprite.material.dispose();
      mark.line.geometry.dispose();
    }
    this.marks = [];
  }
}

const COLOURS: Record<string, string> = { hesitant: "#bcd0ff", forced: "#ffb08a", hollow: "#c9e2d6" };

/** The judge's words about a work, floating, brighter with their scores. */
export class AirWords {
  readonly group = new THREE.Group();
  private shown = new Map<string, { sprite: THREE.Sprite; score: number; now: number; aspect: number; order: number }>();

  set(list: WarpWord[]): void {
    for (const { name, score } of list) {
      let word = this.shown.get(name);
      if (!word) {
        const { texture, aspect } = words(name, COLOURS[name.toLowerCase()] ?? "#ffe7c4", 400);
        const sprite = new THREE.Sprite(new THREE.SpriteMaterial({
          map: texture, transparent: true, opacity: 0, depthWrite: false, fog: false, blending: THREE.AdditiveBlending,
        }));
        sprite.renderOrder = 10;
        this.group.add(sprite);
        word = { sprite, score, now: 0, aspect, order: this.shown.size };
        this.shown.set(name, word);
      }
      word.score = score;
    }
    const names = new Set(list.map((w) => w.name));
    for (const [name, word] of this.shown) if (!names.has(name)) word.score = 0;
  }

  step(seconds: number, dt: number, centre: THREE.Vector3, radius: number, still: boolean): void {
    for (const { sprite, now, aspect, order } of this.shown.values()) {
      const a = 2.3 - order * 0.85 + (still ? 0 : 0.1 * Math.sin(seconds * 0.3 + order));
      const r = radius * (1.02 + 0.05 * Math.sin(seconds * 0.23 + order * 2));
      sprite.position.set(centre.x + r * 1.25 * Math.cos(a), centre.y + r * 0.86 * Math.sin(a), centre.z + 0.9);
      const size = radius * (0.17 + 0.1 * now);
      sprite.scale.set(size * aspect, size, 1);
      sprite.material.opacity = Math.min(1, 0.18 + 0.95 * now) * (now > 0.005 ? 1 : 0);
      sprite.visible = sprite.material.opacity > 0.01;
    }
    for (const word of this.shown.values()) word.now += (word.score - word.now) * Math.min(1, 1.4 * dt);
  }
}
