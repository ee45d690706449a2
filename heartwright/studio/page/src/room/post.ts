/** After the picture: bloom, heat haze in proportion to the words, parted colours with discord, chill, vignette. */

import * as THREE from "three";
import { EffectComposer } from "three/addons/postprocessing/EffectComposer.js";
import { OutputPass } from "three/addons/postprocessing/OutputPass.js";
import { RenderPass } from "three/addons/postprocessing/RenderPass.js";
import { ShaderPass } from "three/addons/postprocessing/ShaderPass.js";
import { UnrealBloomPass } from "three/addons/postprocessing/UnrealBloomPass.js";

/** No glint brighter than a flame: else one pixel's highlight would flood the picture with its bloom. */
const TAME = {
  uniforms: { tDiffuse: { value: null } },
  vertexShader: "varying vec2 v; void main(){ v = uv; gl_Position = projectionMatrix*modelViewMatrix*vec4(position,1.); }",
  fragmentShader: "uniform sampler2D tDiffuse; varying vec2 v; void main(){ gl_FragColor = min(texture2D(tDiffuse, v), vec4(4.)); }",
};

const AIR = {
  uniforms: {
    tDiffuse: { value: null }, t: { value: 0 }, centre: { value: new THREE.Vector2(0.5, 0.5) }, aspect: { value: 1.6 },
    hesitant: { value: 0 }, forced: { value: 0 }, hollow: { value: 0 }, other: { value: 0 }, discord: { value: 0 }, cold: { value: 0 },
  },
  vertexShader: "varying vec2 v; void main(){ v = uv; gl_Position = projectionMatrix*modelViewMatrix*vec4(position,1.); }",
  fragmentShader: `
    uniform sampler2D tDiffuse; uniform float t, aspect, hesitant, forced, hollow, other, discord, cold; uniform vec2 centre; varying vec2 v;
    float hash(vec2 p){ return fract(sin(dot(p, vec2(127.1, 311.7))) * 43758.5453); }
    float crystals(vec2 p){ // nearest of scattered points, as frost grows on a pane
      vec2 c = floor(p); float m = 9.;
      for (int j = -1; j <= 1; j++) for (int i = -1; i <= 1; i++) {
        vec2 g = vec2(float(i), float(j)); vec2 o = vec2(hash(c + g), hash(c + g + 7.3));
        m = min(m, length(g + o - (p - c))); }
      return smoothstep(.75, 0., m) * hash(c); }
    void main(){
      vec2 d = (v - centre) * vec2(aspect, 1.);
      float r = length(d);
      float near = exp(-r*r*2.6);
      vec2 o = vec2(sin(v.y*58. - t*2.3) + sin(v.y*31. + v.x*17. - t*1.4), cos(v.x*43. + t*1.7) + sin(v.y*77. - t*3.1)) * .0026 * other * near;
      o += vec2(sin(floor(v.y*46.)*7.3 + floor(t*2.5)*2.1), 0.) * .0055 * hesitant * near;
      o += vec2(sin(v.y*40. - t*2.), cos(v.x*36. + t*1.6)) * .0022 * (hesitant + hollow) * near;
      o -= d / vec2(aspect,1.) * .15 * forced * near * (.75 + .25*sin(t*5.));
      o += d / vec2(aspect,1.) * .20 * hollow * near * exp(-r*3.);
      vec2 split = d * (.0004 + .008*discord) * r + vec2(.0016*discord*sin(t*9. + v.y*60.), 0.);
      vec3 c = vec3(texture2D(tDiffuse, v + o + split).r, texture2D(tDiffuse, v + o).g, texture2D(tDiffuse, v + o - split).b);
      c *= 1. - .55*hollow*near*exp(-r*2.);
      float grey = dot(c, vec3(.3,.59,.11));
      c = mix(c, mix(vec3(grey), c, .5) * vec3(.72,.92,1.22), cold*.75);
      float frost = smoothstep(.55, 1.05, length(v - .5)*1.35);
      c += vec3(.045,.07,.10) * cold * frost * (.35 + .9*crystals(v*vec2(aspect,1.)*34.));
      float vignette = smoothstep(.98, .30, length((v - .5)*vec2(1.06, 1.12)));
      float grain = fract(sin(dot(v*vec2(1234.5, 987.6) + fract(t), vec2(12.9898, 78.233))) * 43758.5453) - .5;
      gl_FragColor = vec4(c * mix(.30, 1., vignette) * (1. + .035*grain), 1.);
    }`,
};

export class Post {
  private readonly composer: EffectComposer;
  private readonly bloom: UnrealBloomPass;
  private readonly air: ShaderPass;

  constructor(renderer: THREE.WebGLRenderer, scene: THREE.Scene, camera: THREE.Camera, samples: number) {
    const target = new THREE.WebGLRenderTarget(4, 4, { type: THREE.HalfFloatType, samples });
    this.composer = new EffectComposer(renderer, target);
    this.composer.addPass(new RenderPass(scene, camera));
    this.composer.addPass(new ShaderPass(TAME));
    this.bloom = new UnrealBloomPass(new THREE.Vector2(4, 4), 0.2, 0.5, 1.4);
    this.composer.addPass(this.bloom);
    this.air = new ShaderPass(AIR);
    this.composer.addPass(this.air);
    this.composer.addPass(new OutputPass());
  }

  resize(width: number, height: number, ratio: number): void {
    this.composer.setPixelRatio(ratio);
    this.composer.setSize(width, height);
    this.set("aspect", width / Math.max(height, 1));
  }

  set glowing(on: boolean) {
    this.bloom.enabled = on;
  }

  set(name: "hesitant" | "forced" | "hollow" | "other" | "discord" | "cold" | "t" | "aspect", value: number): void {
    (this.air.uniforms[name] as THREE.IUniform<number>).value = value;
  }

  centre(x: number, y: number): void {
    (this.air.uniforms["centre"] as THREE.IUniform<THREE.Vector2>).value.set(x, y);
  }

  render(): void {
    this.composer.render();
  }

  dispose(): void {
    this.composer.dispose();
    this.bloom.dispose();
  }
}
