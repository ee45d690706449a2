// Plays blocks of PCM from a ring. A block: u32 sequence, u32 rate [Hz], f64 the work's time of its first sample [s], i16 mono samples.

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

export interface Heard {
  under: number;
  dropped: number;
  played: number;
  waiting: number;
  blocks: number;
  lost: number;
  work_time: number;
  tap: Float32Array;
}

class Player extends AudioWorkletProcessor {
  private readonly ring = new Float32Array(RING);
  private readonly tap = new Float32Array(TAP);
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
    const tap = new Float32Array(Math.min(this.played, TAP));
    for (let i = 0; i < tap.length; i++) tap[i] = this.tap[(this.played - tap.length + i) % TAP] ?? 0;
    return {
      under: this.under,
      dropped: this.dropped,
      played: this.played,
      waiting: this.write - this.read,
      blocks: this.blocks,
      lost: this.lost,
      work_time: this.work_time,
      tap,
    };
  }

  private put(block: ArrayBuffer): void {
    if (block.byteLength < 18) return;
    const head = new DataView(block);
    const sequence = head.getUint32(0, true);
    if (this.next >= 0 && sequence > this.next) this.lost += sequence - this.next;
    this.next = sequence + 1;
    this.work_time = head.getFloat64(8, true);
    const samples = new Int16Array(block, 16);
    for (let i = 0; i < samples.length; i++) this.ring[(this.write + i) % RING] = (samples[i] ?? 0) / 32_768;
    this.write += samples.length;
    this.blocks += 1;
    if (this.write - this.read > HIGH) {
      this.dropped += this.write - KEEP - this.read;
      this.read = this.write - KEEP;
      this.fade = 0;
    }
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const out = outputs[0]?.[0];
    if (!out) return true;
    const waiting = this.write - this.read;
    if (!this.running) {
      if (waiting < this.need) return true;
      this.running = true;
      this.fade = 0;
    }
    if (waiting < out.length) {
      this.under += 1;
      this.need = Math.min(MOST, this.need * MORE);
      this.running = false;
      return true;
    }
    for (let i = 0; i < out.length; i++) {
      const gain = this.fade < FADE ? this.fade++ / FADE : 1;
      const sample = gain * (this.ring[(this.read + i) % RING] ?? 0);
      out[i] = sample;
      this.tap[(this.played + i) % TAP] = sample;
    }
    this.read += out.length;
    this.played += out.length;
    for (let c = 1; c < (outputs[0]?.length ?? 1); c++) outputs[0]?.[c]?.set(out);
    return true;
  }
}

registerProcessor("heartwright-player", Player);
