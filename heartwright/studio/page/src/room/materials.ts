/** Surfaces: physically based metals, ruby, leather, glass; and the light-box that they reflect. */

import * as THREE from "three";
import { patina, perlage, turnedGrain } from "./textures";
import type { Material } from "./types";

export type Materials = Record<Material | "spring" | "ghost", THREE.Material>;

/** One of each surface. The grained metals take uv in units of the part's radius (see build.ts). */
export function makeMaterials(fine: boolean): Materials {
  const grain = turnedGrain();
  const skin = patina();
  const pearls = perlage();
  pearls.repeat.set(7, 7);
  const metal = (color: number, roughness: number, map: THREE.Texture, bump = 0): THREE.MeshStandardMaterial =>
    new THREE.MeshStandardMaterial({
      color, roughness, metalness: 1, roughnessMap: map, ...(fine && bump ? { bumpMap: map, bumpScale: bump } : {}),
    });
  const glassy = { transparent: true, depthWrite: false, side: THREE.DoubleSide } as const;
  return {
    brass: metal(0xd8a24c, 0.44, grain, 0.5),
    gilt: metal(0xe6b566, 0.38, skin, 0.25),
    steel: metal(0xc3c9d0, 0.36, grain, 0.3),
    blued: metal(0x2747b4, 0.34, skin, 0),
    spring: new THREE.MeshStandardMaterial({ color: 0x3f62da, roughness: 0.4, metalness: 1, emissive: 0x1b3aa6, emissiveIntensity: 0.3 }),
    ghost: new THREE.MeshStandardMaterial({ color: 0xe6b566, roughness: 0.3, metalness: 0.6, transparent: true, opacity: 0.13, depthWrite: false }),
    copper: metal(0xc8744a, 0.46, skin, 0.25),
    plate: metal(0x7d6848, 0.6, pearls, 1.6),
    dark: new THREE.MeshStandardMaterial({ color: 0x17130f, roughness: 0.7, metalness: 0.3 }),
    iron: metal(0x37332f, 0.75, skin),
    ruby: new THREE.MeshPhysicalMaterial({
      color: 0xb0102c, roughness: 0.1, clearcoat: 1, emissive: 0x8a0620, emissiveIntensity: 0.75,
    }),
    leather: new THREE.MeshStandardMaterial({ color: 0x7c2f1d, roughness: 0.62, side: THREE.DoubleSide }),
    glass: new THREE.MeshPhysicalMaterial({
      color: 0xfff2dc, roughness: 0.04, metalness: 0, opacity: 0.06, envMapIntensity: 1.5, ...glassy,
    }),
    oil: new THREE.MeshPhysicalMaterial({
      color: 0xd98a1e, roughness: 0.12, emissive: 0xa04a04, emissiveIntensity: 0.55, transparent: true, opacity: 0.9,
    }),
    enamel: new THREE.MeshPhysicalMaterial({ color: 0x8f8774, roughness: 0.35, clearcoat: 0.6, clearcoatRoughness: 0.2 }),
    wood: new THREE.MeshStandardMaterial({ color: 0x4a2412, roughness: 0.45 }),
  };
}

/** A dark room with a warm window of light, a lamp, a cool strip and a glow from below, prefiltered for reflections. */
export function lightBox(renderer: THREE.WebGLRenderer): THREE.Texture {
  const room = new THREE.Scene();
  const panel = (w: number, h: number, color: number, power: number, x: number, y: number, z: number): void => {
    const material = new THREE.MeshBasicMaterial({ color: new THREE.Color(color).multiplyScalar(power), side: THREE.DoubleSide });
    const mesh = new THREE.Mesh(new THREE.PlaneGeometry(w, h), material);
    mesh.position.set(x, y, z);
    mesh.lookAt(0, 0, 0);
    room.add(mesh);
  };
  const walls = new THREE.Mesh(
    new THREE.SphereGeometry(20, 24, 16),
    new THREE.ShaderMaterial({
      side: THREE.BackSide,
      vertexShader: "varying vec3 p; void main(){ p = normalize(position); gl_Position = projectionMatrix*modelViewMatrix*vec4(position,1.); }",
      fragmentShader: `varying vec3 p; void main(){
        vec3 c = mix(vec3(.055,.030,.016), vec3(.020,.016,.018), smoothstep(-.3,.6,p.y));
        c += vec3(.16,.075,.028)*smoothstep(.35,-.5,abs(p.y+.25)-.1)*.7;
        gl_FragColor = vec4(c,1.); }`,
    }),
  );
  room.add(walls);
  panel(7, 4.5, 0xffd9a6, 9, -7, 9, 8);
  panel(2.2, 2.2, 0xffa050, 16, -10, 1.5, 5);
  panel(2.4, 11, 0x8fb0ff, 5.5, 11, 4, -4);
  panel(1.2, 8, 0xffe7c8, 5, 9, 3, 9);
  panel(10, 1.2, 0xffc890, 2.2, 0, -4, 12);
  panel(14, 3, 0xffb870, 0.8, 0, 5, -14);
  panel(11, 6, 0xffd2a0, 1.35, -4.5, 3.2, 13); // what faces the eye reflects this
  panel(5, 7, 0xbccbff, 0.75, 8, 1, 12);
  panel(9, 3, 0xffb878, 1.0, 1, -3.5, 13);
  for (let i = 0; i < 7; i++) panel(0.5, 0.5, 0xffb060, 9, -9 + i * 3, 2 + ((i * 5) % 7), -12);
  const generator = new THREE.PMREMGenerator(renderer);
  const texture = generator.fromScene(room, 0.015).texture;
  generator.dispose();
  room.traverse((o) => {
    if (o instanceof THREE.Mesh) {
      o.geometry.dispose();
      (o.material as THREE.Material).dispose();
    }
  });
  return texture;
}
