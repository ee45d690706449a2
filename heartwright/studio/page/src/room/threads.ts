/** A web of thread: lines that glow as they vibrate, knots, sparks that run along, and names where one looks. */

import * as THREE from "three";
import type { Between } from "./seen";
import type { Named, StandingView, WebScene } from "./standing";
import { spot } from "./textures";

const SWING = 0.055; // of the web's radius, drawn for a displacement of one `shown_scale`
const DULL = new THREE.Color(0.27, 0.18, 0.1);
const WARM = new THREE.Color(1.15, 0.78, 0.36);
const WHITE = new THREE.Color(1.3, 1.25, 1.1);
const NAMED = 5; // names of the best tied knots, while it is looked at
const REACH = 0.05; // of the web's radius: so near must a ray pass a knot

export class WebView implements StandingView {
  readonly group = new THREE.Group();
  readonly half: number;
  readonly aim: { up: number; radius: number };
  readonly solid: THREE.Mesh;
  private readonly body = new THREE.Group();
  private readonly lines: THREE.LineSegments;
  private readonly knots: THREE.Points<THREE.BufferGeometry, THREE.PointsMaterial>;
  private readonly sparks: THREE.Points<THREE.BufferGeometry, THREE.ShaderMaterial>;
  private readonly reach: number; // of the places [m]
  private readonly middle = new THREE.Vector3();
  private readonly at: Float32Array; // where the knots are shown, in the body's frame
  private readonly best: number[];
  private attended = false;
  private running = 0;

  constructor(private readonly scene: WebScene, readonly radius: number) {
    const { places, nodes } = scene;
    const box = new THREE.Box3();
    for (let i = 0; i < nodes; i++) box.expandByPoint(new THREE.Vector3(places[3 * i], places[3 * i + 1], places[3 * i + 2]));
    box.getCenter(this.middle);
    this.reach = Math.max(0.5 * Math.max(...box.getSize(new THREE.Vector3()).toArray()), 1e-6);
    this.half = radius;
    this.aim = { up: radius, radius: radius * 1.08 };
    this.body.position.y = radius;
    this.body.scale.setScalar(radius);
    this.at = new Float32Array(3 * nodes);
    const lines = new THREE.BufferGeometry();
    lines.setAttribute("position", new THREE.BufferAttribute(new Float32Array(3 * scene.threads.length), 3));
    lines.setAttribute("color", new THREE.BufferAttribute(new Float32Array(3 * scene.threads.length), 3));
    const glow = { transparent: true, depthWrite: false, blending: THREE.AdditiveBlending, fog: false } as const;
    this.lines = new THREE.LineSegments(lines, new THREE.LineBasicMaterial({ vertexColors: true, ...glow }));
    const knots = new THREE.BufferGeometry();
    knots.setAttribute("position", new THREE.BufferAttribute(this.at, 3));
    this.knots = new THREE.Points(knots, new THREE.PointsMaterial({ map: spot(1.4), color: 0x8a6a3c, size: 0.034 * radius, ...glow }));
    this.sparks = sparks(scene.thoughts, radius);
    for (const part of [this.lines, this.knots, this.sparks]) {
      part.frustumCulled = false;
      part.renderOrder = 4;
      this.body.add(part);
    }
    this.solid = new THREE.Mesh(new THREE.CircleGeometry(1, 24), new THREE.MeshBasicMaterial({ visible: false, side: THREE.DoubleSide }));
    this.body.add(this.solid);
    this.group.add(this.body);
    this.best = wellTied(scene);
    this.draw(null);
  }

  show(now: Between): void {
    this.draw(now);
  }

  private draw(now: Between | null): void {
    const { scene, at, middle } = this;
    const { places, normals, nodes, threads } = scene;
    const value = (i: number): number => (now ? (now.a.values[i] ?? 0) * (1 - now.u) + (now.b.values[i] ?? 0) * now.u : 0);
    for (let i = 0; i < nodes; i++) {
      const swing = SWING * Math.max(-3, Math.min(3, value(i)));
      at[3 * i] = ((places[3 * i] as number) - middle.x) / this.reach + swing * (normals[3 * i] as number);
      at[3 * i + 1] = ((places[3 * i + 1] as number) - middle.y) / this.reach + swing * (normals[3 * i + 1] as number);
      at[3 * i + 2] = ((places[3 * i + 2] as number) - middle.z) / this.reach + swing * (normals[3 * i + 2] as number);
    }
    (this.knots.geometry.attributes["position"] as THREE.BufferAttribute).needsUpdate = true;
    const { position, color } = this.lines.geometry.attributes as Record<"position" | "color", THREE.BufferAttribute>;
    const tint = new THREE.Color();
    for (let k = 0; k < threads.length; k += 2) {
      const loud = Math.min(1, Math.max(0, value(nodes + k / 2)));
      tint.copy(DULL).lerp(WARM, Math.sqrt(loud)).lerp(WHITE, loud * loud * loud);
      for (let e = 0; e < 2; e++) {
        const node = 3 * (threads[k + e] as number);
        position.setXYZ(k + e, at[node] as number, at[node + 1] as number, at[node + 2] as number);
        color.setXYZ(k + e, tint.r, tint.g, tint.b);
      }
    }
    position.needsUpdate = color.needsUpdate = true;
    this.think(now);
  }

  /** Sparks of the thoughts: each on its thread, between two pictures only where it stays on it. */
  private think(now: Between | null): void {
    const { scene } = this;
    const place = this.sparks.geometry.attributes["position"] as THREE.BufferAttribute;
    const strong = this.sparks.geometry.attributes["strong"] as THREE.BufferAttribute;
    const from = scene.nodes + scene.threads.length / 2;
    this.running = 0;
    for (let k = 0; k < scene.thoughts; k++) {
      const i = from + 3 * k;
      const thread = now ? (now.a.values[i] ?? -1) : -1;
      if (!now || thread < 0) {
        strong.setX(k, 0);
        continue;
      }
      const first = now.a.values[i + 1] ?? 0;
      const share = now.b.values[i] === thread ? first * (1 - now.u) + (now.b.values[i + 1] ?? first) * now.u : first;
      const p = this.point(2 * Math.round(thread), share);
      place.setXYZ(k, p.x, p.y, p.z);
      strong.setX(k, now.a.values[i + 2] ?? 0);
      this.running += 1;
    }
    place.needsUpdate = strong.needsUpdate = true;
  }

  private point(k: number, share: number): THREE.Vector3 {
    const a = 3 * (this.scene.threads[k] ?? 0);
    const b = 3 * (this.scene.threads[k + 1] ?? 0);
    const p = new THREE.Vector3().fromArray(this.at, a);
    return p.lerp(new THREE.Vector3().fromArray(this.at, b), share);
  }

  attend(on: boolean): void {
    this.attended = on;
    this.knots.material.color.setHex(on ? 0xd0a260 : 0x8a6a3c);
  }

  names(ray: THREE.Ray | null): Named[] {
    const shown = this.attended ? [...this.best] : [];
    const near = ray ? this.nearest(ray) : null;
    if (near !== null && !shown.includes(near)) shown.push(near);
    return shown.filter((i) => this.scene.names[i]).map((i) => ({ text: this.scene.names[i] as string, at: () => this.knot(i) }));
  }

  private knot(i: number): THREE.Vector3 {
    return this.body.localToWorld(new THREE.Vector3().fromArray(this.at, 3 * i));
  }

  private nearest(ray: THREE.Ray): number | null {
    const own = ray.clone().applyMatrix4(this.body.matrixWorld.clone().invert());
    let best: number | null = null;
    let far = REACH;
    for (let i = 0; i < this.scene.nodes; i++) {
      const d = own.distanceToPoint(new THREE.Vector3().fromArray(this.at, 3 * i));
      if (d < far) [best, far] = [i, d];
    }
    return best;
  }

  told(): number[] {
    return [...this.at.slice(0, 3), this.running];
  }

  dispose(): void {
    for (const part of [this.lines, this.knots, this.sparks, this.solid]) part.geometry.dispose();
  }
}

/** Nodes with the most threads that have a name. */
function wellTied(scene: WebScene): number[] {
  const ties = new Map<number, number>();
  for (const node of scene.threads) ties.set(node, (ties.get(node) ?? 0) + 1);
  return [...ties].filter(([i]) => scene.names[i]).sort((a, b) => b[1] - a[1]).slice(0, NAMED).map(([i]) => i);
}

function sparks(n: number, radius: number): THREE.Points<THREE.BufferGeometry, THREE.ShaderMaterial> {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array(3 * n), 3));
  geometry.setAttribute("strong", new THREE.BufferAttribute(new Float32Array(n), 1));
  return new THREE.Points(geometry, new THREE.ShaderMaterial({
    uniforms: { size: { value: 150 * radius } },
    vertexShader: `attribute float strong; uniform float size; varying float k; void main(){
      vec4 p = modelViewMatrix * vec4(position, 1.); gl_Position = projectionMatrix * p; k = strong;
      gl_PointSize = strong > 0. ? clamp(size * (.4 + .6*strong) / -p.z, 5., 40.) : 0.; }`,
    fragmentShader: `varying float k; void main(){
      float r = length(gl_PointCoord - .5) * 2.;
      gl_FragColor = vec4((vec3(1.,.95,.8) * exp(-16.*r*r) + vec3(.7,.5,1.) * .5*exp(-4.*r*r)) * (1. - smoothstep(.85, 1., r)) * (.35 + .9*k), 1.);
      #include <colorspace_fragment>
    }`,
    transparent: true, depthWrite: false, blending: THREE.AdditiveBlending,
  }));
}
