/** Shadows laid where things stand: cheap, and there in every quality. */

import * as THREE from "three";
import { spot } from "./textures";

/** A dark soft spot on the bench where something stands. */
export function softShadow(width: number, depth: number, strength: number): THREE.Mesh {
  const material = new THREE.MeshBasicMaterial({
    map: spot(0.8), color: 0x000000, transparent: true, opacity: strength, depthWrite: false,
  });
  const mesh = new THREE.Mesh(new THREE.PlaneGeometry(width * 2, depth * 2), material);
  mesh.rotation.x = -Math.PI / 2;
  mesh.renderOrder = 1;
  return mesh;
}
