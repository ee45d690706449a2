/** Lights: a warm key, a cool rim, lamps that are seen and lamps between the shelves. Room units. */

import * as THREE from "three";
import type { Materials } from "./materials";
import { softShadow } from "./shadow";
import { Mesher, turn } from "./solids";
import { spot } from "./textures";

export interface Lights {
  key: THREE.SpotLight;
  lamp: THREE.PointLight;
  rim: THREE.SpotLight;
  fill: THREE.HemisphereLight;
  glow: THREE.PointLight[];
  /** Goes with the eye to what stands away from the lamp. */
  attending: THREE.PointLight;
}

/** Lamps between the shelves: x, y, z and power; the one beside the wall clock is weak. */
const GLOWS: [number, number, number, number][] = [
  [-7.2, 4.6, -8.6, 30], [3.4, 6.2, -2.6, 9], [0.5, 7.5, -10, 30], [-7.6, 7.6, -4, 30], [7.6, 4.8, -8.2, 30],
];

export function makeLights(root: THREE.Group, fine: boolean): { lamp: THREE.Group; lights: Lights } {
  const key = new THREE.SpotLight(0xffdcb4, 430, 0, 0.5, 0.75, 2);
  key.position.set(-3.6, 8.2, 6.2);
  key.target.position.set(0.1, 1.7, 0);
  key.castShadow = fine;
  key.shadow.mapSize.set(1536, 1536);
  key.shadow.bias = -0.0005;
  key.shadow.normalBias = 0.012;
  key.shadow.radius = 5;
  key.shadow.camera.near = 4;
  key.shadow.camera.far = 18;
  const rim = new THREE.SpotLight(0x86abff, 220, 0, 0.55, 0.9, 2);
  rim.position.set(4.6, 5.6, -4.4);
  rim.target.position.set(0, 1.9, 0);
  const fill = new THREE.HemisphereLight(0x5a4634, 0x140b06, 0.55);
  const lampLight = new THREE.PointLight(0xffa860, 11, 14, 1.8);
  const glow = GLOWS.map(([x, y, z, power]) => {
    const light = new THREE.PointLight(0xffa458, power, 9, 1.7);
    light.position.set(x, y, z);
    return light;
  });
  const used = fine ? glow : glow.slice(0, 3);
  const lamp = pendant(fine);
  const attending = new THREE.PointLight(0xffe0b8, 0, 6, 1.8);
  root.add(attending, key, key.target, rim, rim.target, fill, lampLight, ...used, lamp);
  return { lamp, lights: { key, lamp: lampLight, rim, fill, glow: used, attending } };
}

/** A lamp on a long chain from the dark above; it hangs plumb whatever the room does. */
function pendant(fine: boolean): THREE.Group {
  const group = new THREE.Group();
  group.position.set(-2.35, 15, -1.9);
  const drop = 15 - 5.15;
  const enamel = new THREE.MeshStandardMaterial({ color: 0x1d3a34, roughness: 0.35, metalness: 0.2, side: THREE.DoubleSide });
  const shade = new Mesher();
  turn(shade, [0.86, 0, 0.7, 0.2, 0.36, 0.42, 0.16, 0.52, 0.13, 0.74, 0, 0.76], fine ? 48 : 24, new THREE.Matrix4().makeRotationX(-Math.PI / 2));
  const hood = new THREE.Mesh(shade.geometry(), enamel);
  hood.position.y = -drop;
  const bulb = new THREE.Mesh(new THREE.SphereGeometry(0.15, 20, 14), new THREE.MeshBasicMaterial({ color: new THREE.Color(3, 2.1, 1.2) }));
  bulb.position.y = -drop + 0.06;
  const chain = new THREE.Mesh(new THREE.CylinderGeometry(0.018, 0.018, drop, 6), new THREE.MeshStandardMaterial({ color: 0x2a2018, metalness: 0.8, roughness: 0.5 }));
  chain.position.y = -drop / 2 + 0.7;
  group.add(hood, bulb, chain);
  return group;
}

/** The oil lamp on the bench: the warm light that is seen. */
export function deskLamp(materials: Materials, lights: Lights): THREE.Group {
  const x = -3.55;
  const z = 0.15;
  const upright = new THREE.Matrix4().makeRotationX(-Math.PI / 2);
  const body = new Mesher();
  turn(body, [0, 0, 0.36, 0, 0.38, 0.05, 0.3, 0.09, 0.16, 0.15, 0.12, 0.26, 0.2, 0.33, 0.31, 0.42, 0.34, 0.52, 0.29, 0.62, 0.17,
    0.7, 0.12, 0.74, 0.13, 0.8, 0.19, 0.81, 0.19, 0.86, 0, 0.86], 40, upright);
  const brass = new THREE.Mesh(body.geometry(), materials.gilt);
  brass.castShadow = true;
  const chimney = new Mesher();
  turn(chimney, [0.15, 0, 0.21, 0.16, 0.23, 0.3, 0.19, 0.46, 0.13, 0.62, 0.115, 0.95], 32, upright);
  const glass = new THREE.Mesh(chimney.geometry(), materials.glass);
  glass.position.y = 0.86;
  glass.renderOrder = 3;
  const flame = new THREE.Mesh(new THREE.SphereGeometry(0.062, 16, 16), new THREE.MeshBasicMaterial({ color: new THREE.Color(3.4, 1.6, 0.55) }));
  flame.scale.set(0.8, 2, 0.8);
  flame.position.y = 1.12;
  const halo = new THREE.Sprite(new THREE.SpriteMaterial({
    map: spot(1.6), color: new THREE.Color(0.8, 0.42, 0.16), transparent: true, opacity: 0.42, depthWrite: false,
    blending: THREE.AdditiveBlending,
  }));
  halo.scale.setScalar(2.6);
  halo.position.y = 1.15;
  const group = new THREE.Group();
  group.position.set(x, 0, z);
  const shadow = softShadow(0.56, 0.5, 0.75);
  shadow.position.y = 0.005;
  group.add(brass, glass, flame, halo, shadow);
  lights.lamp.position.set(x + 0.15, 1.35, z + 0.35);
  return group;
}
