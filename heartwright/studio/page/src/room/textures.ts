/** Textures drawn on a canvas: grain of turned metal, perlage, wood, soft spots and shafts. No image is loaded. */

import * as THREE from "three";

/** A small repeatable generator of numbers 0..1 (Park and Miller 1988). */
export function numbers(seed: number): () => number {
  let s = seed;
  return () => (s = (s * 16807) % 2147483647) / 2147483647;
}

type Draw = (c: CanvasRenderingContext2D, rnd: () => number) => void;

function paint(width: number, height: number, draw: Draw, colour = false): THREE.CanvasTexture {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context) draw(context, numbers(7));
  const texture = new THREE.CanvasTexture(canvas);
  texture.wrapS = texture.wrapT = THREE.RepeatWrapping;
  texture.anisotropy = 4;
  if (colour) texture.colorSpace = THREE.SRGBColorSpace;
  return texture;
}

/** Circular grain about the middle: a wheel faced in the lathe. Roughness lies in green. */
export function turnedGrain(): THREE.CanvasTexture {
  return paint(512, 512, (c, rnd) => {
    c.fillStyle = "#8c8c8c";
    c.fillRect(0, 0, 512, 512);
    c.translate(256, 256);
    for (let i = 0; i < 360; i++) {
      const v = 96 + rnd() * 96;
      c.strokeStyle = `rgba(${v},${v},${v},.5)`;
      c.lineWidth = 0.7 + rnd() * 1.1;
      c.beginPath();
      c.arc(0, 0, i, 0, Math.PI * 2);
      c.stroke();
    }
  });
}

/** The clouded, scratched skin of old metal. */
export function patina(): THREE.CanvasTexture {
  return paint(512, 512, (c, rnd) => {
    c.fillStyle = "#8a8a8a";
    c.fillRect(0, 0, 512, 512);
    for (let i = 0; i < 1800; i++) {
      const v = 80 + rnd() * 130;
      c.fillStyle = `rgba(${v},${v},${v},.06)`;
      c.beginPath();
      c.arc(rnd() * 512, rnd() * 512, 1 + rnd() * rnd() * 26, 0, Math.PI * 2);
      c.fill();
    }
    for (let i = 0; i < 170; i++) {
      const v = rnd() > 0.5 ? 220 : 60;
      c.strokeStyle = `rgba(${v},${v},${v},.1)`;
      const x = rnd() * 512;
      const y = rnd() * 512;
      c.beginPath();
      c.moveTo(x, y);
      c.lineTo(x + (rnd() - 0.5) * 160, y + (rnd() - 0.5) * 30);
      c.stroke();
    }
  });
}

/** Overlapping pearls, as ground on plates that nobody sees. */
export function perlage(): THREE.CanvasTexture {
  return paint(512, 512, (c) => {
    c.fillStyle = "#777";
    c.fillRect(0, 0, 512, 512);
    for (let j = -1; j < 9; j++) {
      for (let i = -1; i < 9; i++) {
        const x = i * 64 + (((j % 2) + 2) % 2) * 32;
        for (let k = 9; k > 0; k--) {
          const v = 84 + ((k * 37) % 90);
          c.fillStyle = `rgba(${v},${v},${v},.75)`;
          c.beginPath();
          c.arc(x, j * 64, 4 + k * 4, 0, Math.PI * 2);
          c.fill();
        }
      }
    }
  });
}

/** Planks, darker for a smaller `light`. */
export function wood(light: number, planks: number): THREE.CanvasTexture {
  return paint(1024, 512, (c, rnd) => {
    const tall = 512 / planks;
    for (let p = 0; p < planks; p++) {
      const b = light * (0.82 + rnd() * 0.36);
      c.fillStyle = `rgb(${92 * b},${54 * b},${30 * b})`;
      c.fillRect(0, p * tall, 1024, tall);
      for (let i = 0; i < 620 / planks; i++) {
        const y = p * tall + rnd() * tall;
        c.strokeStyle = rnd() > 0.45 ? `rgba(20,9,3,${rnd() * 0.34})` : `rgba(196,132,76,${rnd() * 0.12})`;
        c.lineWidth = 0.6 + rnd() * 1.8;
        const wave = rnd() * 6;
        const phase = rnd() * 6;
        c.beginPath();
        c.moveTo(0, y);
        for (let x = 0; x <= 1024; x += 32) c.lineTo(x, y + Math.sin(x * 0.0061359 + phase) * wave);
        c.stroke();
      }
      c.fillStyle = "rgba(0,0,0,.6)";
      c.fillRect(0, p * tall, 1024, 2);
    }
  }, true);
}

/** The face of a clock: rim, hours, two hands. */
export function dial(): THREE.CanvasTexture {
  return paint(256, 256, (c) => {
    c.fillStyle = "#6b4a20";
    c.fillRect(0, 0, 256, 256);
    c.translate(128, 128);
    c.fillStyle = "#d9c9a4";
    c.beginPath();
    c.arc(0, 0, 108, 0, Math.PI * 2);
    c.fill();
    c.strokeStyle = "#1c140c";
    c.lineCap = "round";
    for (let i = 0; i < 60; i++) {
      c.save();
      c.rotate((i / 60) * Math.PI * 2);
      c.lineWidth = i % 5 ? 1.5 : 6;
      c.beginPath();
      c.moveTo(0, -100);
      c.lineTo(0, i % 5 ? -95 : -82);
      c.stroke();
      c.restore();
    }
    for (const [angle, length, width] of [[5.3, 52, 8], [1.1, 82, 5]] as const) {
      c.save();
      c.rotate(angle);
      c.lineWidth = width;
      c.beginPath();
      c.moveTo(0, 14);
      c.lineTo(0, -length);
      c.stroke();
      c.restore();
    }
  }, true);
}

/** A soft round spot, white in the middle. */
export function spot(power = 1): THREE.CanvasTexture {
  return paint(128, 128, (c) => {
    const g = c.createRadialGradient(64, 64, 0, 64, 64, 64);
    for (let i = 0; i <= 12; i++) {
      const r = i / 12;
      g.addColorStop(r, `rgba(255,255,255,${(0.5 + 0.5 * Math.cos(Math.PI * r)) ** power})`);
    }
    c.fillStyle = g;
    c.fillRect(0, 0, 128, 128);
  }, true);
}

/** A spark with a thin ring about it: a contact. */
export function spark(): THREE.CanvasTexture {
  return paint(128, 128, (c) => {
    const g = c.createRadialGradient(64, 64, 0, 64, 64, 62);
    g.addColorStop(0, "rgba(255,255,255,1)");
    g.addColorStop(0.12, "rgba(255,246,225,.95)");
    g.addColorStop(0.3, "rgba(255,214,150,.32)");
    g.addColorStop(1, "rgba(255,190,110,0)");
    c.fillStyle = g;
    c.fillRect(0, 0, 128, 128);
    c.strokeStyle = "rgba(255,224,170,.85)";
    c.lineWidth = 2.5;
    c.beginPath();
    c.arc(64, 64, 44, 0, Math.PI * 2);
    c.stroke();
  }, true);
}

/** Words as a picture: light letters with a dark halo. Returns texture and its width over height. */
export function words(text: string, colour: string, weight = 500): { texture: THREE.CanvasTexture; aspect: number } {
  const size = 44;
  const font = `${weight} ${size}px "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, serif`;
  const ruler = document.createElement("canvas").getContext("2d");
  if (ruler) ruler.font = font;
  const width = Math.ceil((ruler?.measureText(text).width ?? 100) + 48);
  const texture = paint(width, 76, (c) => {
    c.font = font;
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.shadowColor = "rgba(0,0,0,.95)";
    c.shadowBlur = 12;
    c.fillStyle = colour;
    c.fillText(text, width / 2, 38);
    c.shadowBlur = 4;
    c.fillText(text, width / 2, 38);
  }, true);
  texture.wrapS = texture.wrapT = THREE.ClampToEdgeWrapping;
  return { texture, aspect: width / 76 };
}

/** What an eye sees of spinning spokes: rings, with a few fainter and stronger rays. */
export function streaks(): THREE.CanvasTexture {
  return paint(256, 256, (c, rnd) => {
    c.translate(128, 128);
    for (let i = 0; i < 90; i++) {
      const v = 60 + rnd() * 150;
      c.strokeStyle = `rgba(${v},${v},${v},.5)`;
      c.lineWidth = 0.8 + rnd() * 1.4;
      c.beginPath();
      c.arc(0, 0, 14 + i * 1.25, 0, Math.PI * 2);
      c.stroke();
    }
    for (let i = 0; i < 26; i++) {
      c.fillStyle = `rgba(${rnd() > 0.5 ? "255,240,210" : "0,0,0"},${0.05 + 0.12 * rnd()})`;
      const a = rnd() * Math.PI * 2;
      const w = 0.05 + 0.2 * rnd();
      c.beginPath();
      c.moveTo(0, 0);
      c.arc(0, 0, 128, a, a + w);
      c.fill();
    }
  }, true);
}
