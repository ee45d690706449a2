/** Gyroscopes: rotors, axles and what holds them, all of them in a few instanced meshes; and the path of each axle's end. */

import * as THREE from "three";
import type { Materials } from "./materials";
import { type Between, mix } from "./seen";
import { Mesher, extrude, turn } from "./solids";
import type { GyroscopeScene, Named, StandingView } from "./standing";
import { streaks } from "./textures";

const MOST = 48;
const ROTOR = 0.34; // drawn radius of every rotor, room units
const BLUR_FROM = 9; // rad/s at which spokes begin to blur
const BLUR_AT = 30; // and at which only the blur is left
const PATH = 90; // points of the path of an axle's end
const PATH_S = 3;

type Piece = "rim" | "spokes" | "blur" | "axle" | "post" | "foot" | "inner" | "outer" | "frame";
const MADE_OF: Record<Exclude<Piece, "blur">, keyof Materials> = {
  rim: "brass", spokes: "gilt", axle: "steel", post: "brass", foot: "wood", inner: "steel", outer: "gilt", frame: "brass",
};

/** The instanced meshes that all gyroscopes of the room share. */
export class GyroscopeStock {
  readonly group = new THREE.Group();
  private readonly meshes = new Map<Piece, THREE.InstancedMesh>();
  private readonly free: number[] = [];
  private most = 0; // instances that are drawn

  constructor(materials: Materials, fine: boolean) {
    const blur = new THREE.MeshBasicMaterial({
      map: streaks(), color: 0xffd79a, transparent: true, blending: THREE.AdditiveBlending, depthWrite: false, side: THREE.DoubleSide, fog: false,
    });
    for (const [piece, geometry] of Object.entries(shapes(fine)) as [Piece, THREE.BufferGeometry][]) {
      const mesh = new THREE.InstancedMesh(geometry, piece === "blur" ? blur : materials[MADE_OF[piece]], MOST);
      mesh.castShadow = mesh.receiveShadow = piece !== "blur";
      mesh.frustumCulled = false;
      mesh.renderOrder = piece === "blur" ? 3 : 0;
      for (let i = 0; i < MOST; i++) {
        mesh.setMatrixAt(i, NOWHERE);
        if (piece === "blur") mesh.setColorAt(i, new THREE.Color(0, 0, 0));
      }
      this.meshes.set(piece, mesh);
      this.group.add(mesh);
    }
    for (let i = MOST - 1; i >= 0; i--) this.free.push(i);
    this.draw();
  }

  take(): number {
    const i = this.free.pop();
    if (i === undefined) throw new Error(`the room draws ${MOST} gyroscopes, and that is the most`);
    this.most = Math.max(this.most, i + 1);
    this.draw();
    return i;
  }

  private draw(): void {
    for (const mesh of this.meshes.values()) mesh.count = this.most;
  }

  give(i: number): void {
    for (const mesh of this.meshes.values()) {
      mesh.setMatrixAt(i, NOWHERE);
      mesh.instanceMatrix.needsUpdate = true;
    }
    this.free.push(i);
  }

  set(piece: Piece, i: number, matrix: THREE.Matrix4): void {
    const mesh = this.meshes.get(piece);
    mesh?.setMatrixAt(i, matrix);
    if (mesh) mesh.instanceMatrix.needsUpdate = true;
  }

  shine(i: number, strength: number): void {
    const mesh = this.meshes.get("blur");
    mesh?.setColorAt(i, new THREE.Color(strength, strength, strength));
    if (mesh?.instanceColor) mesh.instanceColor.needsUpdate = true;
  }

  dispose(): void {
    for (const mesh of this.meshes.values()) {
      mesh.geometry.dispose();
      mesh.dispose();
    }
  }
}

const NOWHERE = new THREE.Matrix4().makeScale(0, 0, 0);
const UPRIGHT = new THREE.Matrix4().makeRotationX(-Math.PI / 2);

/** Shapes of radius 1 about the y axis. What is thin or small has few sides on a weak machine: nobody sees them. */
function shapes(fine: boolean): Record<Piece, THREE.BufferGeometry> {
  const sides = fine ? 56 : 20;
  const small = fine ? 56 : 8;
  const wire = fine ? 8 : 4;
  const lathe = (profile: number[], n = sides): THREE.BufferGeometry => {
    const m = new Mesher();
    turn(m, profile, n, UPRIGHT);
    return m.geometry();
  };
  const ring = (tube: number): THREE.BufferGeometry => new THREE.TorusGeometry(1, tube, wire, sides);
  const wheel = new Mesher();
  for (let k = 0; k < 5; k++) {
    const a = (k / 5) * Math.PI * 2;
    const [c, s] = [Math.cos(a), Math.sin(a)];
    const w = 0.05;
    extrude(wheel, [0.1 * c - w * s, 0.1 * s + w * c, 0.1 * c + w * s, 0.1 * s - w * c, 0.84 * c + w * s, 0.84 * s - w * c, 0.84 * c - w * s, 0.84 * s + w * c], [],
      { z: -0.16, depth: 0.32, bevel: 0, back: true });
  }
  const spokes = wheel.geometry().applyMatrix4(UPRIGHT);
  return {
    rim: lathe([0.82, -0.5, 0.98, -0.5, 1, -0.42, 1, 0.42, 0.98, 0.5, 0.82, 0.5, 0.8, 0.42, 0.8, -0.42, 0.82, -0.5]),
    spokes,
    blur: new THREE.CircleGeometry(0.99, sides).rotateX(-Math.PI / 2),
    axle: lathe([0, -1, 0.05, -0.94, 0.3, -0.7, 0.3, -0.08, 1, -0.06, 1, 0.06, 0.3, 0.08, 0.3, 0.8, 0.45, 0.86, 0.3, 0.94, 0, 1], fine ? 20 : 6),
    post: lathe([0, 0, 0.3, 0, 0.2, 0.06, 0.1, 0.16, 0.085, 0.5, 0.12, 0.54, 0.085, 0.58, 0.07, 0.86, 0.13, 0.92, 0.13, 1, 0.02, 0.97, 0, 0.95], small),
    foot: lathe([0, 0, 1, 0, 1.03, 0.16, 0.98, 0.34, 0.84, 0.5, 0.8, 0.62, 0, 0.62], fine ? 56 : 14),
    inner: ring(0.035),
    outer: ring(0.03),
    frame: new THREE.TorusGeometry(1, 0.035, wire, sides, Math.PI * 1.06).rotateZ(-Math.PI * 1.03),
  };
}

export class GyroscopeView implements StandingView {
  readonly group = new THREE.Group();
  readonly half: number;
  readonly aim: { up: number; radius: number };
  readonly solid: THREE.Mesh;
  private readonly index: number;
  private readonly scale: number; // room units a metre
  private readonly pivot: THREE.Vector3;
  private readonly path: THREE.Line;
  private readonly ends: { t: number; p: THREE.Vector3 }[] = [];
  private readonly q = new THREE.Quaternion();
  private spin = 0;
  private rate = 0;

  constructor(private readonly scene: GyroscopeScene, private readonly stock: GyroscopeStock) {
    this.index = stock.take();
    this.scale = ROTOR / scene.rotor_radius;
    const reach = Math.max(scene.pivot_to_centre * this.scale, 0.3);
    const ringed = scene.mount === "gimbals";
    const up = ringed ? 0.12 + 1.42 * ROTOR : 0.4;
    this.pivot = new THREE.Vector3(0, up, 0);
    this.half = ringed ? 1.5 * ROTOR : 1.2 * ROTOR;
    this.aim = { up: ringed ? up : up + 0.5 * reach, radius: ringed ? 0.62 : 0.55 + 0.3 * reach };
    this.solid = new THREE.Mesh(new THREE.SphereGeometry(ringed ? 0.5 : 0.45, 8, 6), new THREE.MeshBasicMaterial({ visible: false }));
    this.solid.position.y = this.aim.up;
    const line = new THREE.BufferGeometry();
    line.setAttribute("position", new THREE.BufferAttribute(new Float32Array(3 * PATH), 3));
    line.setAttribute("color", new THREE.BufferAttribute(new Float32Array(3 * PATH), 3));
    line.setDrawRange(0, 0);
    this.path = new THREE.Line(line, new THREE.LineBasicMaterial({
      vertexColors: true, transparent: true, blending: THREE.AdditiveBlending, depthWrite: false, fog: false,
    }));
    this.path.frustumCulled = false;
    this.group.add(this.solid, this.path);
  }

  show(now: Between, dt: number): void {
    const v = (i: number): number => mix(now, i);
    const { a, t } = now;
    this.q.set(v(1), v(2), v(3), v(0)).normalize();
    this.rate = v(5);
    this.spin = (a.values[4] ?? 0) + this.rate * (t - a.t);
    this.pose(new THREE.Vector3(v(6), v(7), v(8)).multiplyScalar(this.scale));
    this.follow(t, dt);
  }

  private pose(centre: THREE.Vector3): void {
    const { scene, stock, index, pivot, q } = this;
    this.group.updateWorldMatrix(true, false);
    const home = this.group.matrix; // the stock's meshes and this group hang in the same parent
    const at = pivot.clone().add(centre);
    const spun = q.clone().multiply(new THREE.Quaternion().setFromAxisAngle(Y, this.spin));
    const thick = scene.rotor_thickness * this.scale;
    const put = (piece: Piece, p: THREE.Vector3, r: THREE.Quaternion, x: number, y: number, z: number): void =>
      stock.set(piece, index, new THREE.Matrix4().compose(p, r, new THREE.Vector3(x, y, z)).premultiply(home));
    const blurred = Math.min(Math.max((Math.abs(this.rate) - BLUR_FROM) / (BLUR_AT - BLUR_FROM), 0), 1);
    put("rim", at, spun, ROTOR, thick, ROTOR);
    put("spokes", at, spun, ROTOR * (blurred < 1 ? 1 : 0), thick * (1 - 0.7 * blurred), ROTOR * (blurred < 1 ? 1 : 0));
    put("blur", at, spun, ROTOR, 1, ROTOR);
    stock.shine(index, 0.34 * blurred);
    const still = new THREE.Quaternion();
    if (scene.mount === "gimbals") {
      const axis = Y.clone().applyQuaternion(q);
      const flat = Math.hypot(axis.x, axis.z);
      const turned = flat > 1e-4 ? Math.atan2(axis.x, axis.z) : 0;
      const outer = new THREE.Quaternion().setFromAxisAngle(Y, turned);
      const lean = new THREE.Quaternion().setFromAxisAngle(X, Math.atan2(flat, axis.y));
      put("axle", at, q, 0.09, 1.13 * ROTOR, 0.09);
      put("inner", pivot, outer.clone().multiply(lean), 1.14 * ROTOR, 1.14 * ROTOR, 1.14 * ROTOR);
      put("outer", pivot, outer, 1.27 * ROTOR, 1.27 * ROTOR, 1.27 * ROTOR);
      put("frame", pivot, still, 1.4 * ROTOR, 1.4 * ROTOR, 1.4 * ROTOR);
      put("foot", new THREE.Vector3(0, 0, 0), still, 0.8 * ROTOR, 0.14, 0.8 * ROTOR);
      return;
    }
    const reach = Math.max(scene.pivot_to_centre * this.scale, 1e-3);
    const beyond = reach + 0.2;
    put("axle", pivot.clone().addScaledVector(Y.clone().applyQuaternion(q), 0.5 * beyond), q, 0.1, 0.5 * beyond, 0.1);
    put("post", new THREE.Vector3(0, 0.05, 0), still, 0.75 * ROTOR, pivot.y - 0.05, 0.75 * ROTOR);
    put("foot", new THREE.Vector3(0, 0, 0), still, 0.7 * ROTOR, 0.1, 0.7 * ROTOR);
  }

  /** The end of the axle draws its path, which fades. */
  private follow(t: number, dt: number): void {
    const far = this.scene.mount === "gimbals" ? 1.1 * ROTOR : this.scene.pivot_to_centre * this.scale + 0.22;
    const end = Y.clone().applyQuaternion(this.q).multiplyScalar(far).add(this.pivot);
    const last = this.ends.at(-1);
    if (last && t < last.t - 0.5) this.ends.length = 0;
    if (!last || (t > last.t && dt > 0)) this.ends.push({ t, p: end });
    while (this.ends.length > PATH || (this.ends[0] && t - this.ends[0].t > PATH_S)) this.ends.shift();
    const { position, color } = this.path.geometry.attributes as Record<"position" | "color", THREE.BufferAttribute>;
    this.ends.forEach(({ t: then, p }, i) => {
      const k = 0.8 * (1 - (t - then) / PATH_S) ** 2;
      position.setXYZ(i, p.x, p.y, p.z);
      color.setXYZ(i, 1.0 * k, 0.72 * k, 0.36 * k);
    });
    position.needsUpdate = color.needsUpdate = true;
    this.path.geometry.setDrawRange(0, this.ends.length);
  }

  attend(): void {
    // nothing more is shown of it from near
  }

  names(): Named[] {
    return [];
  }

  told(): number[] {
    return [this.q.w, this.q.x, this.q.y, this.q.z, this.spin, this.rate];
  }

  dispose(): void {
    this.stock.give(this.index);
    this.path.geometry.dispose();
    this.solid.geometry.dispose();
  }
}

const X = new THREE.Vector3(1, 0, 0);
const Y = new THREE.Vector3(0, 1, 0);
