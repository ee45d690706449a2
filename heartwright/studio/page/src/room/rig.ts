/** The eye: orbit by hand, glide to a view, never behind the works or under the bench. */

import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";

const GLIDE = 1.5; // seconds
const LOWEST = 0.14; // above the bench

export class Rig {
  readonly camera = new THREE.PerspectiveCamera(32, 1, 0.06, 70);
  readonly controls: OrbitControls;
  private from: { eye: THREE.Vector3; aim: THREE.Vector3 } | null = null;
  private to = { eye: new THREE.Vector3(0.6, 2.6, 9), aim: new THREE.Vector3(0, 1.9, 0) };
  private share = 1;
  /** Whether a hand has led the eye since the last view. */
  led = false;

  constructor(canvas: HTMLElement, private readonly reduced: boolean) {
    this.controls = new OrbitControls(this.camera, canvas);
    Object.assign(this.controls, {
      enableDamping: !reduced, dampingFactor: 0.08, minDistance: 0.5, maxDistance: 16, minPolarAngle: 0.35,
      maxPolarAngle: 2.05, minAzimuthAngle: -1.45, maxAzimuthAngle: 1.45, panSpeed: 0.6, rotateSpeed: 0.6,
    });
    canvas.style.touchAction = "none";
    this.controls.addEventListener("start", () => {
      this.share = 1;
      this.led = true;
    });
    this.camera.position.copy(this.to.eye);
    this.controls.target.copy(this.to.aim);
  }

  /** Look at a ball of `radius` about `aim` from direction `way`, so that it fits the picture's smaller side. */
  view(aim: THREE.Vector3, radius: number, way: THREE.Vector3, at_once = false): void {
    this.led = false;
    const half = THREE.MathUtils.degToRad(this.camera.fov / 2);
    const least = this.camera.aspect < 1 ? Math.atan(Math.tan(half) * this.camera.aspect) : half;
    const far = (radius / Math.sin(least)) * 1.02;
    this.to = { aim: aim.clone(), eye: way.clone().normalize().multiplyScalar(far).add(aim) };
    this.controls.maxDistance = Math.max(16, far * 1.3);
    if (at_once || this.reduced) {
      this.camera.position.copy(this.to.eye);
      this.controls.target.copy(this.to.aim);
      this.share = 1;
    } else {
      this.from = { eye: this.camera.position.clone(), aim: this.controls.target.clone() };
      this.share = 0;
    }
  }

  step(dt: number): void {
    if (this.share < 1 && this.from) {
      this.share = Math.min(1, this.share + dt / GLIDE);
      const u = this.share;
      const k = u * u * u * (u * (6 * u - 15) + 10);
      this.camera.position.lerpVectors(this.from.eye, this.to.eye, k);
      this.controls.target.lerpVectors(this.from.aim, this.to.aim, k);
    }
    this.controls.update(dt);
    this.camera.position.y = Math.max(this.camera.position.y, LOWEST);
  }

  dispose(): void {
    this.controls.dispose();
  }
}
