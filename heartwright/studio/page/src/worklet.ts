// Plays blocks of PCM from a ring, in stereo. A block: u8 kind 3, u8 version 2, u16 channels, u32 sequence, u32 rate [Hz], u32 reserved,
// f64 the work's time of its first sample [s], then i16 samples, left and right in turn.

declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
  constructor(options?: unknown);
}
declare function registerProcessor(name: string, maker: new () => AudioWorkletProcessor): void;

const RING = 1 << 16; // samples: 1.37 s at 48 kHz
const START = 5120; // play once so many wait (107 ms) ...
const MORE = 1.5,
  MOST = 14_400; // ... and longer after each underrun, up to 0.3 s
const HIGH = 19_200; // never let more than 0.4 s wait: old sound is dropped
const KEEP = 9600; // ... down to 0.2 s
const TAP = 48_000; // the last second played can be read back
const FADE = 64; // samples over which sound returns after a gap
const HEAD = 24; // bytes before the samples
const KIND = 3,
  VERSION = 2,
  EARS = 2;

export interface Heard {
  under: number;
  dropped: number;
  played: number;
  waiting: number;
  blocks: number;
  lost: number;
  work_time: number;
  tap: Float32Array;
  /** The right ear's; `tap` is the left one's. */
  right: Float32Array;
}

class Player extends AudioWorkletProcessor {
  private readonly rings = [new Float32Array(RING), new Float32Array(RING)];
  private readonly taps = [new Float32Array(TAP), new Float32Array(TAP)];
  private write = 0;
  private read = 0;
  private running = false;
  private need = START;
  private fade = FADE;
  private under = 0;
  private dropped = 0;
  private played = 0;
  private blocks = 0;
  private lost = 0;
  private next = -1;
  private work_time = 0;

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<{ port?: MessagePort; ask?: number }>) => {
      if (event.data.port) event.data.port.onmessage = (block: MessageEvent<ArrayBuffer>) => this.put(block.data);
      else if (event.data.ask !== undefined) this.port.postMessage({ ask: event.data.ask, heard: this.heard() });
    };
  }

  private heard(): Heard {
    const [tap, right] = this.taps.map((ring) => {
      const last = new Float32Array(Math.min(this.played, TAP));
      for (let i = 0; i < last.length; i++) last[i] = ring[(this.played - last.length + i) % TAP] ?? 0;
      return last;
    }) as [Float32Array, Float32Array];
    return {
      under: this.under,
      dropped: this.dropped,
      played: this.played,
      waiting: this.write - this.read,
      blocks: this.blocks,
      lost: this.lost,
      work_time: this.work_time,
      tap,
      right,
    };
  }

  private put(block: ArrayBuffer): void {
    if (block.byteLength < HEAD + 2 * EARS) return;
    const head = new DataView(block);
    if (head.getUint8(0) !== KIND || head.getUint8(1) !== VERSION || head.getUint16(2, true) !== EARS) return;
    const sequence = head.getUint32(4, true);
    if (this.next >= 0 && sequence > this.next) this.lost += sequence - this.next;
    this.next = sequence + 1;
    this.work_time = head.getFloat64(16, true);
    const samples = new Int16Array(block, HEAD);
    const n = Math.floor(samples.length / EARS);
    this.rings.forEach((ring, ear) => {
      for (let i = 0; i < n; i++) ring[(this.write + i) % RING] = (samples[EARS * i + ear] ?? 0) / 32_768;
    });
    this.write += n;
    this.blocks += 1;
    if (this.write - this.read > HIGH) {
      this.dropped += this.write - KEEP - this.read;
      this.read = this.write - KEEP;
      this.fade = 0;
    }
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const [left, right] = outputs[0] ?? [];
    if (!left) return true;
    const waiting = this.write - this.read;
    if (!this.running) {
      if (waiting < this.need) return true;
      this.running = true;
      this.fade = 0;
    }
    if (waiting < left.length) {
      this.under += 1;
      this.need = Math.min(MOST, this.need * MORE);
      this.running = false;
      return true;
    }
    const fade = this.fade;
    [left, right ?? left].forEach((out, ear) => {
      for (let i = 0; i < out.length; i++) {
        const gain = Math.min(1, (fade + i) / FADE);
        const sample = gain * (this.rings[ear]?.[(this.read + i) % RING] ?? 0);
        out[i] = sample;
        (this.taps[ear] as Float32Array)[(this.played + i) % TAP] = sample;
      }
    });
    this.fade = Math.min(FADE, fade + left.length);
    this.read += left.length;
    this.played += left.length;
    return true;
  }
}

registerProcessor("heartwright-player", Player);
