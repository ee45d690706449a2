// Keep what is seen: a picture of the room, or a short clip with its sound left out (a browser records the canvas).

import { h } from "../dom";
import { heading } from "./parts";
import type { Bench, Panel } from "./panel";

const CLIP_S = 8;

export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export class Keep implements Panel {
  readonly name = "keep";
  readonly title = "Keep";
  readonly short = "Keep";
  readonly icon = "keep";
  private readonly clip = h("button.quiet", { type: "button", id: "save-clip" }, `A clip of ${CLIP_S} seconds`);

  constructor(private readonly bench: Bench) {}

  build(host: HTMLElement): void {
    const { app } = this.bench;
    this.clip.onclick = () => void this.record();
    host.append(h("div.stack", {}, h("button.quiet", { type: "button", id: "save-picture", onclick: () => void this.picture() }, "A picture of the room"), this.clip),
      heading("The report", "The reading and the verdict as one page that needs nothing else."),
      h("p", {}, h("a.link", { target: "_blank", rel: "noopener", href: app.net.path(`/api/report/${app.focus}`), onclick: (e: Event) => { (e.currentTarget as HTMLAnchorElement).href = app.net.path(`/api/report/${app.focus}`); } }, "Open the report")),
      heading("Keys", "1 to 9 open the panels, Escape closes, space halts and goes on, L listens."));
  }

  private async picture(): Promise<void> {
    const { app } = this.bench;
    if (!app.room) { app.note("There is no room to picture here.", "refused"); return; }
    download(await app.room.picture(), "heartwright.png");
  }

  private async record(): Promise<void> {
    const canvas = document.getElementById("room") as HTMLCanvasElement;
    const type = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"].find((t) => "MediaRecorder" in window && MediaRecorder.isTypeSupported(t));
    if (!type) { this.bench.app.note("This browser records no clips; a picture works.", "refused"); return; }
    const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: type, videoBitsPerSecond: 6_000_000 });
    const pieces: Blob[] = [];
    recorder.ondataavailable = (e) => { if (e.data.size) pieces.push(e.data); };
    const ended = new Promise<void>((resolve) => { recorder.onstop = () => resolve(); });
    this.clip.disabled = true;
    this.clip.textContent = "Recording";
    recorder.start();
    setTimeout(() => recorder.stop(), CLIP_S * 1000);
    await ended;
    this.clip.disabled = false;
    this.clip.textContent = `A clip of ${CLIP_S} seconds`;
    download(new Blob(pieces, { type }), `heartwright.${type.includes("mp4") ? "mp4" : "webm"}`);
  }
}
