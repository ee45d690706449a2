// A file let fall on the room or chosen from the disk: who made it, when, what was intended, what it owns to; then it is sent.
// What it is the server says: a recording is heard, a graph or notes become a web, a snapshot an orb, a design runs.

import type { App } from "./app";
import { byId, h, plain } from "./dom";
import type { Bench } from "./panels/panel";
import { stored } from "./zip";

const LARGEST = 100 * 2 ** 20; // bytes; the server has its own limit and the last word
const NOTES_MOST = 5000; // of a folder
const NOTE = /\.(md|markdown|txt)$/i;
const TAKEN = ".graphml,.csv,.txt,.tsv,.edges,.zip,.hdf5,.h5,.toml,";
const SOUND = ".wav,.flac,.ogg,.oga,.mp3,.m4a,.aac,.opus,.webm,.aif,.aiff,.wma,.mp4,audio/*";

export async function chooseFile(app: App, bench: Bench): Promise<void> {
  const input = h("input", { type: "file", accept: TAKEN + SOUND, id: "file-choice" });
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
    const entry = e.dataTransfer?.items[0]?.webkitGetAsEntry?.() ?? null;
    if (!app.mayTouch) app.note("An onlooker does not put works on the shelf.", "refused");
    else if (entry?.isDirectory) void folder(app, bench, entry as FileSystemDirectoryEntry);
    else describe(app, bench, file);
  });
}

/** The notes of a folder, packed as one file. */
async function folder(app: App, bench: Bench, entry: FileSystemDirectoryEntry): Promise<void> {
  const notes: { name: string; bytes: Uint8Array }[] = [];
  try {
    await gather(entry, "", notes);
  } catch (error) {
    app.note(`${entry.name} could not be read: ${error instanceof Error ? error.message : String(error)}`, "refused");
    return;
  }
  if (!notes.length) app.note(`There are no notes in ${entry.name} (.md, .markdown, .txt).`, "refused");
  else describe(app, bench, new File([stored(notes)], `${entry.name}.zip`));
}

async function gather(dir: FileSystemDirectoryEntry, path: string, notes: { name: string; bytes: Uint8Array }[]): Promise<void> {
  const reader = dir.createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const entry of some) {
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory) await gather(entry as FileSystemDirectoryEntry, `${path}${entry.name}/`, notes);
      else if (NOTE.test(entry.name)) {
        if (notes.length >= NOTES_MOST) throw new Error(`more than ${NOTES_MOST} notes; pack part of them as a .zip`);
        const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
        notes.push({ name: path + entry.name, bytes: new Uint8Array(await file.arrayBuffer()) });
      }
    }
  }
}

/** Ask for the four words that go with a work, then send it. All of them may stay empty. */
function describe(app: App, bench: Bench, file: File): void {
  if (file.size > LARGEST) {
    app.note(
      `${file.name} has ${plain(file.size / 2 ** 20)} MB; the bench takes up to ${plain(LARGEST / 2 ** 20)} MB. Of sound a minute is enough.`,
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
  const dialog = h("dialog.card", { "aria-label": "A work for the shelf" });
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
          const made = await upload(app, file, words, (share) => {
            bar.value = share;
          });
          dialog.close();
          app.note([`${file.name} is on the shelf: ${WHAT[made.kind] ?? made.kind}.`, ...made.notes].join(" "), "good");
          bench.close();
          if (made.kind !== "recording") void app.ask("focus", { work: made.work });
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
    field("author", "Made by", "who made or recorded it"),
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

interface Made {
  work: number;
  kind: string;
  notes: string[];
}

/** What a file became, in words. */
const WHAT: Record<string, string> = {
  recording: "a recording, being heard",
  web: "a web of thread",
  galaxy: "a galaxy in an orb",
  gyroscope: "a gyroscope",
  design: "a movement that runs",
};

function upload(
  app: App,
  file: File,
  words: Record<string, string>,
  progress: (share: number) => void,
): Promise<Made> {
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
      if (request.status < 300)
        resolve({
          work: Number(answer["work"]),
          kind: String(answer["kind"] ?? "recording"),
          notes: Array.isArray(answer["notes"]) ? answer["notes"].map(String) : [],
        });
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
