/** A galaxy in an orb: a glass ball on a brass cup, its bodies as points, and a glow that follows its densest part. */

import * as THREE from "three";
import type { Materials } from "./materials";
import type { Between } from "./seen";
import { Mesher, turn } from "./solids";
import type { Named, OrbScene, StandingView } from "./standing";
import { spot } from "./textures";

const RADIUS = 0.52; // room units
const GROUPS = [0xffd9a0, 0x9fc4ff, 0xff9f7a, 0xb6f0d8, 0xe7b6ff, 0xfff3c8].map((c) => new THREE.Color(c));

const VERTEX = `
  attribute vec3 tint; attribute float bright; uniform float size, near; varying vec3 v; varying float k;
  void main(){
    vec4 p = modelViewMatrix * vec4(position, 1.);
    gl_Position = projectionMatrix * p;
    gl_PointSize = clamp(size * (.75 + .5*bright) / -p.z, 1.3, near);
    v = tint; k = .3 + .7*bright;
  }`;
const FRAGMENT = `
  uniform float light; varying vec3 v; varying float k;
  void main(){
    float r = length(gl_PointCoord - .5) * 2.;
    float a = exp(-3.2*r*r) * (1. - smoothstep(.8, 1., r));
    gl_FragColor = vec4(mix(v, vec3(1., .96, .88), .3*k*k) * a * (.4 - .22*k) * (.45 + .75*light), 1.);
    #include <tonemapping_fragment>
    #include <colorspace_fragment>
  }`;
/** A glass that is bright at its rim, where one looks along it. */
const GLASS = {
  vertex: `varying vec3 n, e; void main(){
    vec4 p = modelViewMatrix * vec4(position, 1.); n = normalize(normalMatrix * normal); e = normalize(-p.xyz);
    gl_Position = projectionMatrix * p; }`,
  fragment: `uniform float light; uniform vec3 glow; varying vec3 n, e; void main(){
    float f = pow(1. - abs(dot(n, e)), 2.6);
    vec3 h = normalize(e + vec3(-.5, .75, .45));
    float s = pow(max(dot(n, h), 0.), 90.);
    vec3 h2 = normalize(e + vec3(.8, .1, .5));
    s += .35 * pow(max(dot(n, h2), 0.), 40.);
    gl_FragColor = vec4(glow * f * (.16 + .5*light) + vec3(1., .86, .66) * (.10*f + .55*s), 1.);
    #include <tonemapping_fragment>
    #include <colorspace_fragment>
  }`,
};

export class OrbView implements StandingView {
  readonly group = new THREE.Group();
  readonly half = RADIUS * 1.12;
  readonly aim = { up: RADIUS + 0.2, radius: RADIUS * 1.35 };
  readonly solid: THREE.Mesh;
  private readonly points: THREE.Points<THREE.BufferGeometry, THREE.ShaderMaterial>;
  private readonly shell: THREE.ShaderMaterial;
  private readonly glow: THREE.Sprite;
  private light = 0.5;

  constructor(scene: OrbScene, materials: Materials, fine: boolean) {
    const ball = new THREE.Group();
    ball.position.y = this.aim.up;
    const geometry = new THREE.BufferGeometry();
    const tint = new Float32Array(3 * scene.n);
    for (let i = 0; i < scene.n; i++) (GROUPS[(scene.group[i] ?? 0) % GROUPS.length] as THREE.Color).toArray(tint, 3 * i);
    geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array(3 * scene.n), 3));
    geometry.setAttribute("tint", new THREE.BufferAttribute(tint, 3));
    geometry.setAttribute("bright", new THREE.BufferAttribute(Float32Array.from({ length: scene.n }, (_, i) => scene.brightness[i] ?? 0.5), 1));
    this.points = new THREE.Points(geometry, new THREE.ShaderMaterial({
      uniforms: { size: { value: 21 }, near: { value: 7 }, light: { value: 0.5 } },
      vertexShader: VERTEX, fragmentShader: FRAGMENT, transparent: true, depthWrite: false, blending: THREE.AdditiveBlending,
    }));
    this.points.frustumCulled = false;
    this.points.scale.setScalar(RADIUS * 0.985);
    this.points.renderOrder = 4;
    this.shell = new THREE.ShaderMaterial({
      uniforms: { light: { value: 0.5 }, glow: { value: new THREE.Color(0xffb060) } },
      vertexShader: GLASS.vertex, fragmentShader: GLASS.fragment, transparent: true, depthWrite: false, blending: THREE.AdditiveBlending,
    });
    this.solid = new THREE.Mesh(new THREE.SphereGeometry(RADIUS, fine ? 48 : 20, fine ? 32 : 12), this.shell);
    this.solid.renderOrder = 5;
    const dark = new THREE.Mesh(this.solid.geometry, new THREE.MeshBasicMaterial({ color: 0x050308, transparent: true, opacity: 0.42, depthWrite: false }));
    dark.scale.setScalar(0.99);
    dark.renderOrder = 2;
    this.glow = new THREE.Sprite(new THREE.SpriteMaterial({ map: spot(2.2), color: 0xffb26a, transparent: true, opacity: 0.5, depthWrite: false, blending: THREE.AdditiveBlending }));
    this.glow.renderOrder = 3;
    ball.add(dark, this.points, this.solid, this.glow);
    this.group.add(ball, cup(materials, fine));
  }

  show(now: Between): void {
    const place = this.points.geometry.attributes["position"] as THREE.BufferAttribute;
    const out = place.array as Float32Array;
    const { a, b, u } = now;
    const n = Math.min(out.length, a.values.length, b.values.length);
    for (let i = 0; i < n; i++) out[i] = (a.values[i] as number) * (1 - u) + (b.values[i] as number) * u;
    place.needsUpdate = true;
    this.light = a.light * (1 - u) + b.light * u;
    const shine = 0.25 + 0.75 * Math.min(Math.max(this.light, 0), 1);
    (this.points.material.uniforms["light"] as THREE.IUniform<number>).value = shine;
    (this.shell.uniforms["light"] as THREE.IUniform<number>).value = shine;
    this.glow.material.opacity = 0.16 + 0.5 * this.light;
    this.glow.scale.setScalar(RADIUS * (1.1 + 0.9 * this.light));
  }

  attend(on: boolean): void {
    (this.points.material.uniforms["near"] as THREE.IUniform<number>).value = on ? 11 : 7;
    (this.points.material.uniforms["size"] as THREE.IUniform<number>).value = on ? 16 : 21;
  }

  names(): Named[] {
    return [];
  }

  told(): number[] {
    const out = (this.points.geometry.attributes["position"] as THREE.BufferAttribute).array;
    return [out[0] ?? 0, out[1] ?? 0, out[2] ?? 0, this.light];
  }

  dispose(): void {
    this.points.geometry.dispose();
    this.solid.geometry.dispose();
  }
}

/** A brass cup on a turned foot. */
function cup(materials: Materials, fine: boolean): THREE.Group {
  const group = new THREE.Group();
  const lathe = (profile: number[], material: THREE.Material): THREE.Mesh => {
    const m = new Mesher();
    turn(m, profile, fine ? 48 : 14, new THREE.Matrix4().makeRotationX(-Math.PI / 2));
    const mesh = new THREE.Mesh(m.geometry(), material);
    mesh.castShadow = mesh.receiveShadow = true;
    return mesh;
  };
  const r = RADIUS;
  group.add(
    lathe([0, 0, 0.62 * r, 0, 0.64 * r, 0.04, 0.6 * r, 0.08, 0.4 * r, 0.11, 0, 0.11], materials.wood),
    lathe([0.2 * r, 0.11, 0.16 * r, 0.14, 0.26 * r, 0.19, 0.52 * r, 0.25, 0.62 * r, 0.36, 0.6 * r, 0.36, 0.48 * r, 0.27, 0.2 * r, 0.215, 0, 0.21], materials.brass),
    lathe([0.585 * r, 0.345, 0.64 * r, 0.35, 0.64 * r, 0.38, 0.585 * r, 0.375], materials.gilt),
  );
  return group;
}

