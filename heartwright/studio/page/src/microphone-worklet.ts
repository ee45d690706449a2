// Takes a microphone's samples as the browser hands them over, 128 at a time, and passes them on in blocks.

declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
  constructor(options?: unknown);
}
declare function registerProcessor(name: string, maker: new () => AudioWorkletProcessor): void;

const BLOCK = 2048; // samples: 43 ms at 48 kHz

class Taker extends AudioWorkletProcessor {
  private block = new Float32Array(BLOCK);
  private filled = 0;
  private out: MessagePort | null = null;

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<{ port: MessagePort }>) => {
      this.out = event.data.port;
    };
  }

  process(inputs: Float32Array[][]): boolean {
    const samples = inputs[0]?.[0];
    if (!samples || !this.out) return true;
    for (const sample of samples) {
      this.block[this.filled++] = sample;
      if (this.filled === BLOCK) {
        this.out.postMessage(this.block, [this.block.buffer]);
        this.block = new Float32Array(BLOCK);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("heartwright-microphone", Taker);

export {}; // a module, so that its names are its own
