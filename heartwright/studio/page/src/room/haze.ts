/** Haze between the shelves, a shaft of light on the heart, dust in it. Room units. */

import * as THREE from "three";
import { numbers, spot } from "./textures";

/** Moves haze and dust: seconds, light 0..1, chill 0..1. */
export type Drift = (seconds: number, light: number, cold: number) => void;

/** Layers of lit haze between the shelves, a shaft of light on the heart, and dust in it. */
export function makeHaze(): { group: THREE.Group; drift: Drift } {
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
