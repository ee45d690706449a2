/**
 * A polished top that reflects: the scene drawn once more, upside down, into a small picture that the top's own
 * material mixes in by its angle (Fresnel) and blurs with mip levels. Technique of three's Reflector (MIT).
 */

import * as THREE from "three";

const uniforms = {
  mirrorMap: { value: null as THREE.Texture | null },
  mirrorMatrix: { value: new THREE.Matrix4() },
  mirrorStrength: { value: 0 },
};

export class Mirror {
  readonly target: THREE.WebGLRenderTarget;
  private readonly camera = new THREE.PerspectiveCamera();

  constructor(private readonly top: THREE.Mesh, private readonly height: number) {
    this.target = new THREE.WebGLRenderTarget(512, 288, {
      type: THREE.HalfFloatType, generateMipmaps: true, minFilter: THREE.LinearMipmapLinearFilter,
    });
    uniforms.mirrorMap.value = this.target.texture;
  }

  resize(width: number, height: number): void {
    this.target.setSize(Math.max(64, Math.round(width)), Math.max(64, Math.round(height)));
  }

  set strength(value: number) {
    uniforms.mirrorStrength.value = value;
  }

  get strength(): number {
    return uniforms.mirrorStrength.value;
  }

  /** Draw the reflection as `view` sees it; `hidden` are left out (what lies in the plane itself). */
  render(renderer: THREE.WebGLRenderer, scene: THREE.Scene, view: THREE.PerspectiveCamera, hidden: THREE.Object3D[]): void {
    const normal = new THREE.Vector3(0, 1, 0).transformDirection(this.top.matrixWorld);
    const point = new THREE.Vector3(0, this.height, 0).applyMatrix4(this.top.matrixWorld);
    const eye = new THREE.Vector3().setFromMatrixPosition(view.matrixWorld);
    if (eye.clone().sub(point).dot(normal) <= 0) return;
    const camera = this.camera;
    camera.position.copy(eye.clone().sub(point).reflect(normal).add(point));
    const target = view.getWorldDirection(new THREE.Vector3()).add(eye).sub(point).reflect(normal).add(point);
    camera.up.set(0, 1, 0).applyQuaternion(view.getWorldQuaternion(new THREE.Quaternion())).reflect(normal);
    camera.lookAt(target);
    camera.near = view.near;
    camera.far = view.far;
    camera.updateMatrixWorld();
    camera.projectionMatrix.copy(view.projectionMatrix);
    camera.projectionMatrixInverse.copy(view.projectionMatrixInverse);
    uniforms.mirrorMatrix.value
      .set(0.5, 0, 0, 0.5, 0, 0.5, 0, 0.5, 0, 0, 0.5, 0.5, 0, 0, 0, 1)
      .multiply(camera.projectionMatrix)
      .multiply(camera.matrixWorldInverse);
    clipBelow(camera, normal, point);
    const seen = hidden.map((o) => o.visible);
    hidden.forEach((o) => { o.visible = false; });
    const shadows = renderer.shadowMap.autoUpdate;
    const before = renderer.getRenderTarget();
    renderer.shadowMap.autoUpdate = false;
    renderer.setRenderTarget(this.target);
    renderer.clear();
    renderer.render(scene, camera);
    renderer.setRenderTarget(before);
    renderer.shadowMap.autoUpdate = shadows;
    hidden.forEach((o, i) => { o.visible = seen[i] ?? true; });
  }

  dispose(): void {
    this.target.dispose();
  }
}

/** Bend the near plane onto the mirror, so that nothing beneath it is seen (Lengyel 2005). */
function clipBelow(camera: THREE.PerspectiveCamera, normal: THREE.Vector3, point: THREE.Vector3): void {
  const plane = new THREE.Plane().setFromNormalAndCoplanarPoint(normal, point).applyMatrix4(camera.matrixWorldInverse);
  const clip = new THREE.Vector4(plane.normal.x, plane.normal.y, plane.normal.z, plane.constant);
  const e = camera.projectionMatrix.elements;
  const q = new THREE.Vector4(
    (Math.sign(clip.x) + (e[8] ?? 0)) / (e[0] ?? 1), (Math.sign(clip.y) + (e[9] ?? 0)) / (e[5] ?? 1), -1,
    (1 + (e[10] ?? 0)) / (e[14] ?? 1),
  );
  clip.multiplyScalar(2 / clip.dot(q));
  e[2] = clip.x;
  e[6] = clip.y;
  e[10] = clip.z + 1;
  e[14] = clip.w;
}

/** Let a standard material mix the reflection in. */
export function polish(material: THREE.MeshStandardMaterial): void {
  material.onBeforeCompile = (shader) => {
    Object.assign(shader.uniforms, uniforms);
    shader.vertexShader = shader.vertexShader
      .replace("#include <common>", "#include <common>\nuniform mat4 mirrorMatrix; varying vec4 vMirror;")
      .replace("#include <project_vertex>", "#include <project_vertex>\nvMirror = mirrorMatrix * modelMatrix * vec4(transformed, 1.);");
    shader.fragmentShader = shader.fragmentShader
      .replace("#include <common>", "#include <common>\nuniform sampler2D mirrorMap; uniform float mirrorStrength; varying vec4 vMirror;")
      .replace("#include <opaque_fragment>", `
        if (mirrorStrength > 0.001 && vMirror.w > 0.) {
          vec2 at = vMirror.xy / vMirror.w + (roughnessFactor - .4) * vec2(.004, .012);
          vec3 seen = textureLod(mirrorMap, at, 1.).rgb * .5 + textureLod(mirrorMap, at, 2.6).rgb * .5;
          float facing = clamp(dot(normalize(vViewPosition), normal), 0., 1.);
          float share = mirrorStrength * (.16 + .8 * pow(1. - facing, 3.));
          outgoingLight += seen * share;
        }
        #include <opaque_fragment>`);
  };
}
