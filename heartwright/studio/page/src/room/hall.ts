/** The workshop: bench, floor and walls; with shelves, lamps and haze it is the room. Lengths in room units. */

import * as THREE from "three";
import { type Drift, makeHaze } from "./haze";
import { deskLamp, type Lights, makeLights } from "./lamps";
import type { Materials } from "./materials";
import { polish } from "./mirror";
import { softShadow } from "./shadow";
import { FLOOR, makeShelves } from "./shelves";
import { patina, wood } from "./textures";

export interface Hall {
  root: THREE.Group;
  shelves: THREE.Group;
  bench: THREE.Mesh;
  /** What must not be seen in the bench's own reflection. */
  flat: THREE.Object3D[];
  lamp: THREE.Group;
  lights: Lights;
  haze: THREE.Group;
  /** Move dust and haze: seconds, light 0..1, chill 0..1. */
  drift: Drift;
  triangles: number;
}

export function makeHall(materials: Materials, fine: boolean): Hall {
  const root = new THREE.Group();
  const skin = patina();
  const benchWood = wood(0.85, 3);
  benchWood.repeat.set(1.5, 1);
  const top = new THREE.MeshStandardMaterial({ map: benchWood, roughness: 0.6, roughnessMap: skin, envMapIntensity: 0.7 });
  polish(top);
  const bench = new THREE.Mesh(new THREE.BoxGeometry(15, 0.34, 5.2), top);
  bench.position.set(0, -0.17, -0.9);
  bench.receiveShadow = true;
  root.add(bench);
  const flat: THREE.Object3D[] = [bench];
  root.add(apron(materials));
  root.add(...floorAndWalls(skin));
  const shelves = makeShelves(materials, fine);
  root.add(shelves.group);
  const shadow = softShadow(1.35, 1.15, 0.85);
  shadow.position.set(0, 0.006, 0.05);
  root.add(shadow);
  flat.push(shadow);
  const { lamp, lights } = makeLights(root, fine);
  root.add(deskLamp(materials, lights));
  const haze = makeHaze();
  root.add(haze.group);
  return {
    root, shelves: shelves.group, bench, flat, lamp, lights, haze: haze.group, drift: haze.drift,
    triangles: shelves.triangles,
  };
}

function apron(materials: Materials): THREE.Group {
  const group = new THREE.Group();
  const edge = new THREE.Mesh(new THREE.BoxGeometry(15, 0.05, 0.05), materials.brass);
  edge.position.set(0, -0.06, 1.71);
  const front = new THREE.Mesh(new THREE.BoxGeometry(14.4, 4.2, 0.2), new THREE.MeshStandardMaterial({ color: 0x1c0f08, roughness: 0.7 }));
  front.position.set(0, FLOOR + 2.1, 0.9);
  group.add(edge, front);
  return group;
}

function floorAndWalls(skin: THREE.Texture): THREE.Object3D[] {
  const planks = wood(0.5, 6);
  planks.repeat.set(3, 5);
  const floor = new THREE.Mesh(
    new THREE.PlaneGeometry(40, 40),
    new THREE.MeshStandardMaterial({ map: planks, roughness: 0.32, roughnessMap: skin, envMapIntensity: 0.5 }),
  );
  floor.rotation.x = -Math.PI / 2;
  floor.position.set(0, FLOOR, -6);
  const boards = wood(0.34, 5);
  boards.repeat.set(3, 3);
  const wall = new THREE.Mesh(
    new THREE.PlaneGeometry(40, 30),
    new THREE.MeshStandardMaterial({ map: boards, roughness: 0.9, envMapIntensity: 0.25 }),
  );
  wall.position.set(0, 8, -13);
  return [floor, wall];
}
