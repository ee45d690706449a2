/** Light, tilt, chill and warp of the room, eased towards what the dream asks for. */

import * as THREE from "three";
import type { Hall } from "./hall";
import type { Post } from "./post";
import { spot } from "./textures";
import type { Mood } from "./types";

const WARM = new THREE.Color(0x0b0705);
const CHILL = new THREE.Color(0x0a121c);

export class Moods {
  asked: Mood = { light: 1, tiltDeg: 0, cold: 0, warp: [], discord: 0 };
  private now = { light: 1, tilt: 0, cold: 0, discord: 0 };
  private readonly warp = { hesitant: 0, forced: 0, hollow: 0, other: 0 };
  private readonly fog = new THREE.FogExp2(0x0b0705, 0.045);
  private readonly breath: THREE.Sprite[] = [];
  private readonly full: { light: THREE.Light; power: number; colour: THREE.Color }[];

  constructor(private readonly world: THREE.Scene, private readonly renderer: THREE.WebGLRenderer, private readonly hall: Hall,
    private readonly root: THREE.Group, private readonly still: boolean) {
    world.fog = this.fog;
    world.background = this.fog.color;
    const { key, lamp, rim, fill, glow } = hall.lights;
    this.full = [key, lamp, rim, fill, ...glow].map((light) => ({ light, power: light.intensity, colour: light.color.clone() }));
    const map = spot(1);
    for (let i = 0; i < 5; i++) {
      const sprite = new THREE.Sprite(new THREE.SpriteMaterial({ map, color: 0xb8cfe8, transparent: true, opacity: 0, depthWrite: false, fog: false }));
      sprite.renderOrder = 12;
      this.breath.push(sprite);
      world.add(sprite);
    }
  }

  set(mood: Mood): void {
    this.asked = { ...mood, warp: mood.warp.map((w) => ({ ...w })) };
  }

  /** Whether the picture must go through the air pass in any quality. */
  get needsAir(): boolean {
    const { hesitant, forced, hollow, other } = this.warp;
    return hesitant + forced + hollow + other > 0.02 || this.now.discord > 0.03 || this.now.cold > 0.05;
  }

  step(seconds: number, dt: number, watched: boolean, distance: number): void {
    const ease = (from: number, to: number, rate: number): number => from + (to - from) * Math.min(1, rate * dt);
    const { now, asked } = this;
    now.light = ease(now.light, asked.light, 1.2);
    now.tilt = ease(now.tilt, THREE.MathUtils.degToRad(asked.tiltDeg), 0.9);
    now.cold = ease(now.cold, asked.cold, 0.8);
    now.discord = ease(now.discord, asked.discord, 2);
    const score = (name: string): number => asked.warp.find((w) => w.name.toLowerCase() === name)?.score ?? 0;
    for (const name of ["hesitant", "forced", "hollow"] as const) this.warp[name] = ease(this.warp[name], score(name), 1.5);
    const rest = asked.warp.filter((w) => !(w.name.toLowerCase() in this.warp)).map((w) => w.score);
    this.warp.other = ease(this.warp.other, Math.max(0, ...rest, 0.5 * this.warp.forced), 1.5);
    this.root.rotation.z = now.tilt;
    this.hall.lamp.rotation.z = -now.tilt + (this.still ? 0 : 0.012 * Math.sin(seconds * 0.9));
    this.lights(seconds, watched);
    this.fog.density = (0.043 + 0.03 * now.cold) * Math.min(1, 8.4 / Math.max(distance, 1));
    this.hall.drift(seconds, now.light, now.cold);
    this.mist(seconds);
  }

  private lights(seconds: number, watched: boolean): void {
    const { light, cold, discord } = this.now;
    const dim = 0.06 + 0.94 * light;
    const flutter = this.still ? 1 : 1 + 0.03 * Math.sin(seconds * 11) * Math.sin(seconds * 7.3) - 0.22 * discord * Math.max(0, Math.sin(seconds * 19) * Math.sin(seconds * 3.1));
    const chill = new THREE.Color(0x7fa8e0);
    this.full.forEach(({ light: lamp, power, colour }, i) => {
      const share = i === 2 ? 0.5 + 0.5 * dim : dim;
      lamp.intensity = power * share * flutter * (i === 2 ? 1 + 0.6 * cold : 1 - 0.35 * cold) * (watched && i !== 2 ? 0.8 : 1);
      lamp.color.copy(colour).lerp(chill, 0.75 * cold);
    });
    this.world.environmentIntensity = (0.12 + 0.63 * light) * (1 - 0.2 * cold);
    this.fog.color.copy(WARM).lerp(CHILL, cold).multiplyScalar(0.35 + 0.65 * light);
    this.renderer.toneMappingExposure = 1.02;
  }

  /** Breath before the eye in the cold. */
  private mist(seconds: number): void {
    this.breath.forEach((sprite, i) => {
      const phase = (seconds / 4.2 + i * 0.13) % 1;
      const grow = Math.min(1, phase * 2.2);
      sprite.visible = this.now.cold > 0.05 && !this.still;
      sprite.material.opacity = 0.085 * this.now.cold * Math.sin(Math.PI * Math.min(1, phase * 1.4)) ** 2;
      sprite.position.set(0.5 + 0.34 * i - 0.3 * phase, 0.75 + 0.55 * grow + 0.16 * i, 3.1 - 0.2 * i);
      sprite.scale.setScalar(0.6 + 1.7 * grow);
    });
  }

  air(post: Post, seconds: number, centre: THREE.Vector3): void {
    for (const name of ["hesitant", "forced", "hollow", "other"] as const) post.set(name, this.still ? 0.4 * this.warp[name] : this.warp[name]);
    post.set("discord", this.now.discord);
    post.set("cold", this.now.cold);
    post.set("t", this.still ? 0 : seconds % 600);
    post.centre(centre.x * 0.5 + 0.5, centre.y * 0.5 + 0.5);
  }
}
