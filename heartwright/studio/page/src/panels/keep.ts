// Keep what is seen: a picture of the room, or a short clip of it, with the beat where sound is on.

import type { App } from "../app";
import { h } from "../dom";
import { heading } from "./parts";

const CLIP_S = 8;

export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** What can be kept of the room and of the work in focus. */
export function keepSection(app: App): HTMLElement[] {
  const clip = h(
    "button.quiet",
    { type: "button", id: "save-clip", onclick: () => void record(app, clip) },
    `A clip of ${CLIP_S} seconds`,
  );
  const report = h("a.link", { target: "_blank", rel: "noopener" }, "The report of this work");
  const aim = () => {
    report.href = app.net.path(`/api/report/${app.focus}`);
  };
  aim();
  app.on("focus", aim);
  return [
    heading("Keep"),
    h(
      "div.row",
      {},
      h("button.quiet", { type: "button", id: "save-picture", onclick: () => void picture(app) }, "A picture"),
      clip,
    ),
    h("p", {}, report),
    h("p.hint", {}, "Keys: 1 to 9 and 0 open the panels, Escape closes, space halts and goes on, L listens."),
  ];
}

async function picture(app: App): Promise<void> {
  if (!app.room) {
    app.note("There is no room to picture here.", "refused");
    return;
  }
  download(await app.room.picture(), "heartwright.png");
}

async function record(app: App, button: HTMLButtonElement): Promise<void> {
  const canvas = document.getElementById("room") as HTMLCanvasElement;
  const type = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"].find(
    (t) => "MediaRecorder" in window && MediaRecorder.isTypeSupported(t),
  );
  if (!type || !app.room) {
    app.note("This browser records no clips of the room; a picture may work.", "refused");
    return;
  }
  const stream = canvas.captureStream(30);
  const heard = app.sound.track();
  if (heard) stream.addTrack(heard);
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 6_000_000 });
  const pieces: Blob[] = [];
  recorder.ondataavailable = (e) => {
    if (e.data.size) pieces.push(e.data);
  };
  const ended = new Promise<void>((resolve) => {
    recorder.onstop = () => resolve();
  });
  button.disabled = true;
  button.textContent = "Recording";
  recorder.start();
  setTimeout(() => recorder.stop(), CLIP_S * 1000);
  await ended;
  button.disabled = false;
  button.textContent = `A clip of ${CLIP_S} seconds`;
  download(new Blob(pieces, { type }), `heartwright.${type.includes("mp4") ? "mp4" : "webm"}`);
}
