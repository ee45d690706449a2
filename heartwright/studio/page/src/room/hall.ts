/** The workshop: bench, floor, towering shelves and what stands on them, lamps, haze and dust. Lengths in room units. */

import * as THREE from "three";
import { polish } from "./mirror";
import { Mesher, extrude, turn } from "./solids";
import { dial, numbers, patina, spot, wood } from "./textures";
import type { Materials } from "./materials";

export const FLOOR = -4.6;
const TOP = 15;

export interface Hall {
  root: THREE.Group;
  bench: THREE.Mesh;
  /** What must not be seen in the bench's own reflection. */
  flat: THREE.Object3D[];
  lamp: THREE.Group;
  lights: { key: THREE.SpotLight; lamp: THREE.PointLight; rim: THREE.SpotLight; fill: THREE.HemisphereLight; glow: THREE.PointLight[] };
  haze: THREE.Group;
  /** Move dust and haze: seconds, light 0..1, chill 0..1. */
  drift(seconds: number, light: number, cold: number): void;
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
  root.add(...deskLamp(materials, lights));
  const haze = makeHaze();
  root.add(haze.group);
  return {
    root, bench, flat, lamp, lights, haze: haze.group, drift: haze.drift,
    triangles: shelves.triangles,
  };
}

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

// ------------------------------------------------------------------------------------------------ shelves

interface Run { at: (along: number, up: number, out: number) => THREE.Matrix4; length: number; rows: number; seed: number }

const BOOKS = [0x5a2318, 0x24402f, 0x2c2f4c, 0x6e4d1e, 0x43202e, 0x4c3d2c, 0x7a5a34];

/** Shelves along the back wall and both sides, filled by chance (always the same). */
function makeShelves(materials: Materials, fine: boolean): { group: THREE.Group; triangles: number } {
  const group = new THREE.Group();
  const board = new THREE.MeshStandardMaterial({ map: wood(0.62, 2), roughness: 0.7, envMapIntensity: 0.4 });
  const runs: Run[] = [
    { length: 20, rows: 9, seed: 3, at: (a, u, o) => new THREE.Matrix4().makeTranslation(a - 10, u, -11.8 + o) },
    { length: 13, rows: 9, seed: 5, at: (a, u, o) => new THREE.Matrix4().makeTranslation(-9.6 + o, u, 1.2 - a).multiply(new THREE.Matrix4().makeRotationY(Math.PI / 2)) },
    { length: 13, rows: 9, seed: 11, at: (a, u, o) => new THREE.Matrix4().makeTranslation(9.6 - o, u, 1.2 - a).multiply(new THREE.Matrix4().makeRotationY(-Math.PI / 2)) },
  ];
  const stock = new Stock(materials, fine);
  const planks: THREE.Matrix4[] = [];
  for (const run of runs) fill(run, stock, planks, fine);
  const plank = new THREE.InstancedMesh(new THREE.BoxGeometry(1, 1, 1), board, planks.length);
  planks.forEach((m, i) => plank.setMatrixAt(i, m));
  group.add(plank, ...stock.meshes());
  return { group, triangles: stock.triangles + planks.length * 12 };
}

function fill(run: Run, stock: Stock, planks: THREE.Matrix4[], fine: boolean): void {
  const rnd = numbers(run.seed * 7919);
  const gap = (TOP - FLOOR) / run.rows;
  const posts = Math.max(2, Math.round(run.length / 3.3));
  const put = (along: number, up: number, out: number, sx: number, sy: number, sz: number): THREE.Matrix4 =>
    run.at(along, up, out).multiply(new THREE.Matrix4().makeScale(sx, sy, sz));
  for (let i = 0; i <= posts; i++) {
    planks.push(put((i / posts) * run.length, (TOP + FLOOR) / 2, 0, 0.16, TOP - FLOOR, 1.1));
  }
  const rows = fine ? run.rows : run.rows - 3; // the highest are in the dark, and seldom seen
  for (let row = 0; row < rows; row++) {
    const up = FLOOR + 0.4 + row * gap;
    planks.push(put(run.length / 2, up, 0, run.length, 0.1, 1.05));
    let along = 0.25;
    while (along < run.length - 0.4) along += item(run, stock, rnd, along, up + 0.05, gap, fine);
  }
}

/** Put one thing on a shelf; how far along it reaches. */
function item(run: Run, stock: Stock, rnd: () => number, along: number, up: number, gap: number, fine: boolean): number {
  const k = fine ? rnd() : rnd() ** 0.75; // fewer books, more room, on a weak machine
  if (k < 0.56) {
    const n = 2 + Math.floor(rnd() * (fine ? 6 : 3));
    let x = 0;
    for (let i = 0; i < n; i++) {
      const w = 0.11 + rnd() * 0.14;
      const h = (0.38 + rnd() * 0.3) * gap;
      const lean = rnd() < 0.12 ? 0.12 : 0;
      const m = run.at(along + x + w / 2, up + h / 2, 0.12 + rnd() * 0.1);
      m.multiply(new THREE.Matrix4().makeRotationZ(lean)).multiply(new THREE.Matrix4().makeScale(w, h, 0.62));
      stock.add("book", m, BOOKS[Math.floor(rnd() * BOOKS.length)]);
      x += w + 0.012 + lean * h * 0.6;
    }
    return x + 0.06 + rnd() * 0.3;
  }
  if (k < 0.72) {
    const r = 0.16 + rnd() * 0.14;
    const tall = 1.6 + rnd() * 1.4;
    const m = run.at(along + r, up, 0.3).multiply(new THREE.Matrix4().makeScale(r, r * tall, r));
    stock.add("bottle", m, [0x8a4a18, 0x2a5c48, 0x2c4c74][Math.floor(rnd() * 3)]);
    return 2 * r + 0.16 + rnd() * 0.2;
  }
  if (k < (fine ? 0.84 : 0.78)) {
    const r = Math.min(0.26 + rnd() * 0.42, 0.42 * gap);
    const m = run.at(along + r, up + r, 0.36).multiply(new THREE.Matrix4().makeRotationX(-0.14 + rnd() * 0.05));
    stock.add(rnd() < 0.7 ? "gear" : "clock", m.multiply(new THREE.Matrix4().makeScale(r, r, r)), rnd() < 0.7 ? 0xe0b264 : 0xd0825a);
    return 2 * r + 0.2;
  }
  if (k < 0.9) {
    const r = 0.1 + rnd() * 0.06;
    stock.add("orb", run.at(along + r, up + r * 1.25, 0.34).multiply(new THREE.Matrix4().makeScale(r, r, r)), 0xffb060);
    stock.add("cup", run.at(along + r, up, 0.34).multiply(new THREE.Matrix4().makeScale(r, r, r)), 0xd8a24c);
    return 2 * r + 0.3;
  }
  return 0.35 + rnd() * 0.7;
}

type Kind = "book" | "bottle" | "gear" | "clock" | "orb" | "cup";

/** Instances of a few things, coloured each. */
class Stock {
  triangles = 0;
  private readonly lists = new Map<Kind, { matrix: THREE.Matrix4; colour: number }[]>();

  constructor(private readonly materials: Materials, private readonly fine: boolean) {}

  add(kind: Kind, matrix: THREE.Matrix4, colour = 0xffffff): void {
    const list = this.lists.get(kind) ?? [];
    list.push({ matrix, colour });
    this.lists.set(kind, list);
  }

  meshes(): THREE.Object3D[] {
    return [...this.lists].map(([kind, list]) => {
      const { geometry, material } = this.model(kind);
      const mesh = new THREE.InstancedMesh(geometry, material, list.length);
      list.forEach(({ matrix, colour }, i) => {
        mesh.setMatrixAt(i, matrix);
        mesh.setColorAt(i, new THREE.Color(colour));
      });
      mesh.frustumCulled = false;
      this.triangles += ((geometry.index?.count ?? geometry.attributes["position"]?.count ?? 0) / 3) * list.length;
      return mesh;
    });
  }

  private model(kind: Kind): { geometry: THREE.BufferGeometry; material: THREE.Material } {
    const sides = this.fine ? 18 : 8;
    const body = new Mesher();
    const upright = new THREE.Matrix4().makeRotationX(-Math.PI / 2);
    const white = (roughness: number, metalness: number): THREE.MeshStandardMaterial =>
      new THREE.MeshStandardMaterial({ color: 0xffffff, roughness, metalness, envMapIntensity: 0.8 });
    if (kind === "book") return { geometry: new THREE.BoxGeometry(1, 1, 1), material: white(0.7, 0) };
    if (kind === "bottle") {
      turn(body, [0, 0, 1, 0, 1, 0.62, 0.42, 0.84, 0.4, 1, 0.5, 1.02, 0, 1.03], sides, upright);
      return { geometry: body.geometry(), material: white(0.12, 0.1) };
    }
    if (kind === "orb") {
      const glow = new THREE.MeshStandardMaterial({ color: 0xffc88a, roughness: 0.1, emissive: 0xff8a30, emissiveIntensity: 1.5 });
      return { geometry: new THREE.SphereGeometry(1, sides, Math.max(5, sides / 2)), material: glow };
    }
    if (kind === "cup") {
      turn(body, [0, 0, 0.7, 0, 0.5, 0.2, 0.3, 0.4, 0, 0.4], sides, upright);
      return { geometry: body.geometry(), material: this.materials.brass };
    }
    if (kind === "clock") {
      turn(body, [1, -0.25, 1, 0.12, 0.86, 0.2, 0.84, 0.1, 0, 0.1], this.fine ? 28 : 14, new THREE.Matrix4());
      const face = new THREE.MeshStandardMaterial({ map: dial(), roughness: 0.45, metalness: 0.2, emissiveMap: dial(), emissive: 0xffc080, emissiveIntensity: 0.22 });
      return { geometry: body.geometry(), material: face };
    }
    wheelOf(body, this.fine ? 26 : 12);
    return { geometry: body.geometry(), material: white(0.36, 1) };
  }
}

/** A plain toothed wheel of radius 1. */
function wheelOf(body: Mesher, teeth: number): void {
  const outer: number[] = [];
  for (let i = 0; i < teeth; i++) {
    for (const [r, share] of [[0.86, -0.3], [1, -0.16], [1, 0.16], [0.86, 0.3]] as const) {
      const a = ((i + share) / teeth) * Math.PI * 2;
      outer.push(r * Math.cos(a), r * Math.sin(a));
    }
  }
  const holes: number[][] = [];
  const arms = teeth > 12 ? 5 : 0;
  for (let i = 0; i < arms; i++) {
    const hole: number[] = [];
    for (const [r, from, to] of [[0.7, 0.09, 0.91], [0.24, 0.78, 0.22]] as const) {
      for (let k = 0; k <= 3; k++) {
        const a = ((i + from + ((to - from) * k) / 3) / arms) * Math.PI * 2;
        hole.push(r * Math.cos(a), r * Math.sin(a));
      }
    }
    holes.push(hole);
  }
  extrude(body, outer, holes, { z: -0.07, depth: 0.14, bevel: 0, back: false });
}

// ------------------------------------------------------------------------------------------------ light

function makeLights(root: THREE.Group, fine: boolean): { lamp: THREE.Group; lights: Hall["lights"] } {
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
  const rim = new THREE.SpotLight(0x86abff, 300, 0, 0.55, 0.9, 2);
  rim.position.set(4.6, 5.6, -4.4);
  rim.target.position.set(0, 1.9, 0);
  const fill = new THREE.HemisphereLight(0x5a4634, 0x140b06, 0.55);
  const lampLight = new THREE.PointLight(0xffa860, 11, 14, 1.8);
  const glow = [[-7.2, 4.6, -8.6], [4.4, 5.4, -3.6], [0.5, 7.5, -10], [-7.6, 7.6, -4], [7.6, 4.8, -8.2]].map(([x, y, z]) => {
    const light = new THREE.PointLight(0xffa458, 30, 9, 1.7);
    light.position.set(x as number, y as number, z as number);
    return light;
  });
  const used = fine ? glow : glow.slice(0, 3);
  const lamp = pendant(fine);
  root.add(key, key.target, rim, rim.target, fill, lampLight, ...used, lamp);
  return { lamp, lights: { key, lamp: lampLight, rim, fill, glow: used } };
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

/** The oil lamp on the bench, the warm light that is seen; and the pendant that hangs plumb. */
function deskLamp(materials: Materials, lights: Hall["lights"]): THREE.Object3D[] {
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
  return [group];
}

/** Layers of lit haze between the shelves, a shaft of light on the heart, and dust in it. */
function makeHaze(): { group: THREE.Group; drift: Hall["drift"] } {
  const group = new THREE.Group();
  const soft = spot(1);
  const sheets: { sprite: THREE.Sprite; strength: number; x: number }[] = [];
  const put = (x: number, y: number, z: number, w: number, h: number, colour: number, strength: number): void => {
    const sprite = new THREE.Sprite(new THREE.SpriteMaterial({
      map: soft, color: colour, transparent: true, opacity: strength, depthWrite: false, fog: false, blending: THREE.AdditiveBlending,
    }));
    sprite.position.set(x, y, z);
    sprite.scale.set(w, h, 1);
    group.add(sprite);
    sheets.push({ sprite, strength, x });
  };
  put(-3, 3.5, -8.5, 15, 11, 0x7a4a26, 0.26);
  put(5, 2, -7, 13, 9, 0x6e3c1c, 0.26);
  put(0, 8, -9.5, 20, 10, 0x41558c, 0.36);
  put(0, -0.5, -4.6, 18, 4.5, 0x7c4a22, 0.24);
  put(1.5, 2.4, -3, 8, 7, 0x5a3418, 0.22);
  const shaft = new THREE.Mesh(shaftGeometry(), new THREE.ShaderMaterial({
    transparent: true, depthWrite: false, blending: THREE.AdditiveBlending, side: THREE.DoubleSide,
    uniforms: { power: { value: 1 }, t: { value: 0 } },
    vertexShader: "varying vec2 v; varying vec3 n; varying vec3 e; void main(){ v = uv; vec4 p = modelViewMatrix*vec4(position,1.); n = normalMatrix*normal; e = -p.xyz; gl_Position = projectionMatrix*p; }",
    fragmentShader: `uniform float power; uniform float t; varying vec2 v; varying vec3 n; varying vec3 e;
      void main(){ float edge = pow(abs(dot(normalize(n), normalize(e))), 1.6);
        float along = smoothstep(0., .25, v.y) * (1. - smoothstep(.15, 1., v.y));
        float swirl = .8 + .2*sin(v.x*31. + t*.21 + sin(v.y*9. + t*.13)*2.);
        gl_FragColor = vec4(vec3(1., .74, .46) * power * edge * along * swirl * .17, 1.); }`,
  }));
  shaft.renderOrder = 4;
  group.add(shaft);
  const dust = dustCloud();
  group.add(dust);
  return {
    group,
    drift(seconds, light, cold): void {
      const material = shaft.material;
      (material.uniforms["power"] as THREE.IUniform<number>).value = light * (1 - 0.5 * cold);
      (material.uniforms["t"] as THREE.IUniform<number>).value = seconds;
      dust.rotation.y = seconds * 0.008;
      dust.position.y = 0.12 * Math.sin(seconds * 0.11);
      (dust.material as THREE.PointsMaterial).opacity = 0.5 * light;
      sheets.forEach(({ sprite, strength, x }, i) => {
        sprite.position.x = x + 0.6 * Math.sin(seconds * 0.05 + i * 2);
        sprite.material.opacity = strength * (0.25 + 0.75 * light) * (1 + 0.5 * cold);
      });
    },
  };
}

/** A cone of light from the upper left down to the bench. */
function shaftGeometry(): THREE.BufferGeometry {
  const from = new THREE.Vector3(-2.35, 5.2, -1.9);
  const to = new THREE.Vector3(0.25, -0.1, -0.1);
  const long = from.distanceTo(to);
  const cone = new THREE.CylinderGeometry(2.0, 0.7, long, 48, 1, true);
  cone.rotateX(Math.PI);
  cone.translate(0, -long / 2, 0);
  const q = new THREE.Quaternion().setFromUnitVectors(new THREE.Vector3(0, -1, 0), to.clone().sub(from).normalize());
  cone.applyQuaternion(q);
  cone.translate(from.x, from.y, from.z);
  return cone;
}

function dustCloud(): THREE.Points {
  const rnd = numbers(99);
  const p = new Float32Array(260 * 3);
  for (let i = 0; i < 260; i++) {
    p[3 * i] = (rnd() - 0.5) * 9;
    p[3 * i + 1] = rnd() * 6 - 0.2;
    p[3 * i + 2] = (rnd() - 0.5) * 6;
  }
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(p, 3));
  return new THREE.Points(geometry, new THREE.PointsMaterial({
    map: spot(2), color: 0xffd9a0, size: 0.035, transparent: true, opacity: 0.5, depthWrite: false, blending: THREE.AdditiveBlending,
  }));
}
