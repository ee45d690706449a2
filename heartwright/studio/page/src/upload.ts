// A recording let fall on the room or chosen from the disk: who made it, when, what was intended, what it owns to; then it is sent.

import type { App } from "./app";
import { byId, h, plain } from "./dom";
import type { Bench } from "./panels/panel";

const LARGEST = 100 * 2 ** 20; // bytes; the server has its own limit and the last word
const SOUND = ".wav,.flac,.ogg,.oga,.mp3,.m4a,.aac,.opus,.webm,.aif,.aiff,.wma,.mp4,audio/*";

export async function chooseFile(app: App, bench: Bench): Promise<void> {
  const input = h("input", { type: "file", accept: SOUND, id: "file-choice" });
  input.hidden = true;
  input.onchange = () => {
    const file = input.files?.[0];
    input.remove();
    if (file) describe(app, bench, file);
  };
  document.body.append(input);
  input.click();
}

/** Let recordings be dropped anywhere on the page. */
export function dropAnywhere(app: App, bench: Bench): void {
  const veil = byId("drop-veil");
  let depth = 0;
  const carries = (e: DragEvent) => !!e.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (e) => {
    if (carries(e) && app.mayTouch) {
      depth += 1;
      veil.hidden = false;
    }
  });
  addEventListener("dragleave", (e) => {
    if (carries(e)) {
      depth -= 1;
      if (depth <= 0) veil.hidden = true;
    }
  });
  addEventListener("dragover", (e) => {
    if (carries(e)) e.preventDefault();
  });
  addEventListener("drop", (e) => {
    depth = 0;
    veil.hidden = true;
    const file = e.dataTransfer?.files[0];
    if (!file) return;
    e.preventDefault();
    if (!app.mayTouch) app.note("An onlooker does not put works on the shelf.", "refused");
    else describe(app, bench, file);
  });
}

/** Ask for the four words that go with a recording, then send it. All of them may stay empty. */
function describe(app: App, bench: Bench, file: File): void {
  if (file.size > LARGEST) {
    app.note(
      `${file.name} has ${plain(file.size / 2 ** 20)} MB; the bench takes up to ${plain(LARGEST / 2 ** 20)} MB. A minute of sound is enough.`,
      "refused",
    );
    return;
  }
  const field = (name: string, label: string, hint: string, type = "text") =>
    h(
      "label.field",
      {},
      h("span", {}, label),
      h("input", { name, type, placeholder: hint, maxLength: 200, autocomplete: "off" }),
    );
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Upload" });
  bar.hidden = true;
  const say = h("p.hint", { role: "status" });
  const send = h("button.primary", { type: "submit" }, "Put it on the shelf");
  const dialog = h("dialog.card", { "aria-label": "A recording for the shelf" });
  const form = h(
    "form",
    {
      onsubmit: async (event: Event) => {
        event.preventDefault();
        send.disabled = true;
        bar.hidden = false;
        say.textContent = "";
        const words = Object.fromEntries([...new FormData(form)].map(([k, v]) => [k, String(v).trim()]).filter(([, v]) => v));
        try {
          await upload(app, file, words, (share) => {
            bar.value = share;
          });
          dialog.close();
          app.note(`${file.name} is on the shelf; it is being heard.`, "good");
          bench.close();
        } catch (error) {
          say.textContent = error instanceof Error ? error.message : String(error);
          say.dataset["kind"] = "refused";
          send.disabled = false;
          bar.hidden = true;
        }
      },
    },
    h("h2", {}, "A work for the shelf"),
    h("p.hint", {}, `${file.name}, ${plain(file.size / 2 ** 20, 1)} MB`),
    field("author", "Made by", "who recorded it"),
    field("date", "Date", "when", "date"),
    field("intent", "Intended", "what its maker meant it to be"),
    field("weakness", "Owns to", "a weakness its maker knows of"),
    bar,
    say,
    h("div.row", {}, send, h("button.quiet", { type: "button", onclick: () => dialog.close() }, "Leave it")),
  );
  dialog.append(form);
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
}

function upload(
  app: App,
  file: File,
  words: Record<string, string>,
  progress: (share: number) => void,
): Promise<number | string> {
  const request = new XMLHttpRequest();
  request.open("POST", app.net.path("/api/recordings", { name: file.name, ...words }));
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.upload.onprogress = (event) => {
    if (event.lengthComputable) progress(event.loaded / event.total);
  };
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(new Error("The connection broke while it was sent. The file is untouched; try again."));
    request.onload = () => {
      const answer = parse(request.responseText);
      if (request.status < 300) resolve((answer["work"] ?? answer["id"] ?? answer["work id"]) as number | string);
      else
        reject(
          new Error(
            String(
              answer["reason"] ??
                answer["detail"] ??
                (request.responseText.slice(0, 300) || `The server answered ${request.status}.`),
            ),
          ),
        );
    };
    request.send(file);
  });
}

function parse(text: string): Record<string, unknown> {
  try {
    const x: unknown = JSON.parse(text);
    return typeof x === "object" && x !== null ? (x as Record<string, unknown>) : { id: x };
  } catch {
    return {};
  }
}
