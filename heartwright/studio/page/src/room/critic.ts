/** The critic: a tall indistinct figure that glides about the heart, and whose gaze is light. */

import * as THREE from "three";
import { Mesher, turn } from "./solids";
import { numbers, spot } from "./textures";
import type { CriticLook } from "./types";

const UPRIGHT = new THREE.Matrix4().makeRotationX(-Math.PI / 2);
const TURN_S = 46; // seconds for one way round

export class Critic {
  readonly group = new THREE.Group();
  /** The light of its gaze: always in the room, dark while it is away, so that no shader need be made when it comes. */
  readonly lit = new THREE.Group();
  readonly gaze = new THREE.SpotLight(0xd8e6ff, 0, 0, 0.16, 0.7, 1.6);
  private readonly figure = new THREE.Group();
  private readonly beam: THREE.Mesh<THREE.ConeGeometry, THREE.ShaderMaterial>;
  private readonly shroud: THREE.ShaderMaterial;
  private readonly eyes: THREE.Mesh[] = [];
  private readonly glints: THREE.Sprite[] = [];
  private readonly reflection: THREE.WebGLCubeRenderTarget;
  private readonly cube: THREE.CubeCamera;
  private look: CriticLook = { visible: false, gazeWork: null, name: "", face: "" };
  private presence = 0;
  private angle = 2.6;
  private settled = 0;
  private lastLooked = -10;
  private readonly aim = new THREE.Vector3(0, 2, 0);

  constructor(private readonly fine: boolean) {
    this.shroud = shroudMaterial();
    const cloak = new Mesher();
    turn(cloak, [0.62, 0, 0.56, 0.5, 0.4, 1.6, 0.36, 2.6, 0.46, 3.35, 0.4, 3.75, 0.17, 3.98, 0.13, 4.12], fine ? 40 : 22, UPRIGHT);
    const body = new THREE.Mesh(cloak.geometry(), this.shroud);
    const skull = new Mesher();
    turn(skull, [0.02, 4.02, 0.14, 4.08, 0.21, 4.26, 0.22, 4.45, 0.16, 4.64, 0.06, 4.72, 0, 4.73], fine ? 28 : 16, UPRIGHT);
    const head = new THREE.Mesh(skull.geometry(), this.shroud);
    body.renderOrder = head.renderOrder = 5;
    this.figure.add(body, head);
    this.reflection = new THREE.WebGLCubeRenderTarget(64, { type: THREE.HalfFloatType, generateMipmaps: true, minFilter: THREE.LinearMipmapLinearFilter });
    this.cube = new THREE.CubeCamera(0.4, 40, this.reflection);
    for (const side of [-1, 1]) this.addEye(side);
    this.beam = new THREE.Mesh(new THREE.ConeGeometry(1, 1, 32, 1, true), beamMaterial());
    this.beam.geometry.translate(0, -0.5, 0);
    this.beam.renderOrder = 6;
    this.group.add(this.figure, this.beam);
    this.lit.add(this.gaze, this.gaze.target);
    this.group.visible = false;
  }

  private addEye(side: number): void {
    const eye = new THREE.Mesh(
      new THREE.SphereGeometry(0.034, 14, 10),
      new THREE.MeshStandardMaterial({ color: 0xffffff, metalness: 1, roughness: 0.06, fog: false }),
    );
    if (this.fine) (eye.material as THREE.MeshStandardMaterial).envMap = this.reflection.texture;
    eye.position.set(side * 0.085, 4.42, 0.19);
    eye.scale.set(1, 0.62, 0.7);
    eye.renderOrder = 6;
    const glint = new THREE.Sprite(new THREE.SpriteMaterial({
      map: spot(2), color: 0xffc88a, transparent: true, opacity: 0, depthWrite: false, blending: THREE.AdditiveBlending, fog: false,
    }));
    glint.scale.setScalar(0.16);
    glint.position.copy(eye.position).setZ(0.24);
    glint.renderOrder = 7;
    this.figure.add(eye, glint);
    this.eyes.push(eye);
    this.glints.push(glint);
  }

  set(look: CriticLook): void {
    if (look.gazeWork !== this.look.gazeWork) this.settled = 0;
    if (look.face !== this.look.face) this.wear(look.face);
    this.look = { ...look };
  }

  /** A face is only hinted: its word sets how far apart and how narrow the eyes are, and the veil's pattern. */
  private wear(face: string): void {
    let sum = 17;
    for (const c of face) sum = (sum * 31 + c.charCodeAt(0)) % 1_000_003;
    const rnd = numbers(sum + 2);
    const apart = 0.07 + 0.035 * rnd();
    const narrow = 0.4 + 0.4 * rnd();
    (this.shroud.uniforms["veil"] as THREE.IUniform<number>).value = 6 + 12 * rnd();
    this.eyes.forEach((eye, i) => {
      const x = (i ? 1 : -1) * apart;
      eye.position.x = x;
      (this.glints[i] as THREE.Sprite).position.x = x;
      eye.scale.y = narrow;
    });
  }

  /** Glide on: `works` are the places that the gaze sweeps over, `target` the one that it settles on. */
  step(seconds: number, dt: number, works: THREE.Vector3[], target: THREE.Vector3 | null, still: boolean): void {
    const wanted = this.look.visible ? 1 : 0;
    this.presence += (wanted - this.presence) * Math.min(1, dt * (still ? 8 : 0.9));
    this.group.visible = this.presence > 0.01;
    this.gaze.intensity = 0;
    if (!this.group.visible) return;
    this.angle += (dt * Math.PI * 2) / TURN_S;
    // it circles behind and beside the bench; before it only at the far sides, so that it never hides the heart
    const sweep = Math.sin(this.angle);
    const x = 4.4 * sweep;
    const z = -4.1 + 2.3 * Math.abs(sweep) ** 3;
    this.figure.position.set(x, -0.9 + (still ? 0 : 0.06 * Math.sin(seconds * 0.7)), z);
    this.settled = Math.min(1, this.settled + dt * 0.35);
    const sway = works.length ? works[Math.floor(seconds / 2.6) % works.length] : null;
    const goal = target && (this.settled > 0.35 || !sway) ? target : (sway ?? target);
    if (goal) this.aim.lerp(goal, Math.min(1, dt * (target ? 1.6 : 0.9)));
    const eye = new THREE.Vector3(0, 4.42, 0.2);
    this.figure.rotation.y = Math.atan2(this.aim.x - x, this.aim.z - z) * 0.85;
    this.figure.updateMatrixWorld();
    this.figure.localToWorld(eye);
    this.group.worldToLocal(eye);
    this.light(eye, seconds);
  }

  private light(eye: THREE.Vector3, seconds: number): void {
    const aim = this.group.worldToLocal(this.aim.clone());
    const far = eye.distanceTo(aim);
    this.gaze.position.copy(eye);
    this.gaze.target.position.copy(aim);
    this.gaze.intensity = 70 * this.presence;
    this.beam.position.copy(eye);
    this.beam.quaternion.setFromUnitVectors(new THREE.Vector3(0, -1, 0), aim.clone().sub(eye).normalize());
    this.beam.scale.set(far * 0.15, far, far * 0.15);
    (this.beam.material.uniforms["power"] as THREE.IUniform<number>).value = this.presence;
    (this.shroud.uniforms["t"] as THREE.IUniform<number>).value = seconds;
    (this.shroud.uniforms["presence"] as THREE.IUniform<number>).value = this.presence;
    this.glints.forEach((g, i) => { g.material.opacity = this.presence * (0.34 + 0.1 * Math.sin(seconds * 1.3 + i)); });
  }

  /** Now and then look anew at what the eyes reflect. */
  reflect(renderer: THREE.WebGLRenderer, scene: THREE.Scene, seconds: number, hidden: THREE.Object3D): void {
    if (!this.fine || !this.group.visible || seconds - this.lastLooked < 6) return;
    this.lastLooked = seconds;
    this.figure.localToWorld(this.cube.position.set(0, 4.42, 0.3));
    this.figure.visible = this.beam.visible = hidden.visible = false;
    this.cube.update(renderer, scene);
    this.figure.visible = this.beam.visible = hidden.visible = true;
  }

  dispose(): void {
    this.reflection.dispose();
  }
}

function shroudMaterial(): THREE.ShaderMaterial {
  return new THREE.ShaderMaterial({
    transparent: true, depthWrite: true,
    uniforms: { t: { value: 0 }, presence: { value: 0 }, veil: { value: 11 } },
    vertexShader: `uniform float t; varying vec3 n; varying vec3 e; varying vec3 p;
      void main(){ p = position; float low = smoothstep(3.6, 0., position.y);
        vec3 q = position; float a = atan(q.z, q.x);
        q.xz *= 1. + low*(.10*sin(a*5. + t*.8 + q.y*2.) + .06*sin(a*9. - t*.5));
        q.x += low*.10*sin(t*.6 + q.y*1.7);
        vec4 v = modelViewMatrix*vec4(q,1.); n = normalMatrix*normal; e = -v.xyz; gl_Position = projectionMatrix*v; }`,
    fragmentShader: `uniform float t; uniform float presence; uniform float veil; varying vec3 n; varying vec3 e; varying vec3 p;
      void main(){ float facing = abs(dot(normalize(n), normalize(e)));
        float rim = pow(1. - facing, 2.4);
        float smoke = .5 + .5*sin(p.y*veil*.5 + sin(p.x*veil + t*.4)*1.6 + t*.3);
        float foot = smoothstep(.1, 1.8, p.y);
        float body = smoothstep(.02, .55, facing);
        float face = smoothstep(4.1, 4.2, p.y) * smoothstep(.05, .2, p.z);
        float hint = face * (.020*smoothstep(.02,.0,abs(p.x)-.012)*smoothstep(4.5,4.3,p.y) + .016*smoothstep(.022,.0,abs(p.y-4.215)-.006)*smoothstep(.08,.03,abs(p.x)));
        vec3 c = vec3(.006,.007,.010) + vec3(.20,.27,.42)*rim*(.25 + .35*smoke) + vec3(.7,.55,.4)*hint;
        gl_FragColor = vec4(c, presence*foot*mix(.30 + .3*smoke*rim, .93, body)); }`,
  });
}

function beamMaterial(): THREE.ShaderMaterial {
  return new THREE.ShaderMaterial({
    transparent: true, depthWrite: false, blending: THREE.AdditiveBlending, side: THREE.DoubleSide,
    uniforms: { power: { value: 0 } },
    vertexShader: "varying float along; varying vec3 n; varying vec3 e; void main(){ along = -position.y; vec4 v = modelViewMatrix*vec4(position,1.); n = normalMatrix*normal; e = -v.xyz; gl_Position = projectionMatrix*v; }",
    fragmentShader: `uniform float power; varying float along; varying vec3 n; varying vec3 e;
      void main(){ float edge = pow(abs(dot(normalize(n), normalize(e))), 1.3);
        gl_FragColor = vec4(vec3(.62,.76,1.)*power*edge*.13*smoothstep(0.,.04,along)*(1.-smoothstep(.35,1.,along)), 1.); }`,
  });
}
