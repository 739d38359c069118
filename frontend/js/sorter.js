// The list “file → slot”: sorted by the server, looked through and corrected by the person, then uploaded.
import { csrfToken } from "./dom.js";
import { sha256Of } from "./hashing.js";
import { keyOf, placeFor, placesOf, told } from "./places.js";
import { enqueue } from "./queue.js";
import { messageOf } from "./toasts.js";
import { Transfer } from "./transfer.js";

// Asks the server about files for places. Throws Error with a sentence for the person, or an empty one.
export async function ask(address, question) {
  const answer = await fetch(address, {
    method: "POST", credentials: "same-origin", body: JSON.stringify(question),
    headers: { "X-CSRFToken": csrfToken(), "Content-Type": "application/json" },
  }).catch(() => {
    throw new Error("");
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(messageOf(text, answer.headers.get("Content-Type")));
  return JSON.parse(text).rows;
}

export class Sorter {
  constructor(box) {
    this.box = box.querySelector("[data-sorter]");
    this.body = this.box.querySelector("tbody");
    this.lines = [];
    this.box.querySelector("[data-send]").addEventListener("click", () => this.send());
    this.box.querySelector("[data-cancel]").addEventListener("click", () => this.close());
    // A table that was read may have brought slots for its categories: what is left is sorted once more.
    document.addEventListener("tongzheng:refreshed", () => this.isOpen && this.sort().catch(() => {}));
  }

  get isOpen() {
    return this.lines.length > 0;
  }

  // More files while the list is open join it.
  async open(files, droppedOn) {
    const fresh = [];
    for (const { path, file } of files) fresh.push({ path, file, sha256: await sha256Of(file), to: null, isLeftOut: false });
    this.lines.push(...fresh);
    try {
      await this.sort(droppedOn && told(droppedOn));
    } catch (error) {
      this.lines = this.lines.filter((line) => !fresh.includes(line));
      throw error;
    }
    this.box.hidden = false;
    this.box.focus();
    this.box.scrollIntoView({ block: "nearest" });
  }

  // What somebody has chosen stands; everything is judged anew.
  async sort(droppedOn = null) {
    this.places = placesOf();
    const rows = await ask(this.places[0].sort, {
      places: this.places.map(told), dropped_on: droppedOn,
      files: this.lines.map(({ path, file, sha256, to, isLeftOut }) => ({ path, size: file.size, sha256, to, left_out: isLeftOut })),
    });
    rows.forEach((row, number) => this.answer(this.lines[number], row));
    this.show();
  }

  answer(line, row) {
    line.place = row.code ? placeFor(this.places, row.code, row.label) ?? null : null;
    line.to = line.place && { code: row.code, label: row.label };
    line.problem = row.problem || row.here;
    line.says = line.problem || row.warning || row.says;
    line.tone = row.problem ? "bad" : row.warning || row.says ? "warn" : "";
  }

  show() {
    const options = new Map(this.places.map((place) => [keyOf(place), place.title]));
    this.lines.forEach((line) => {
      line.row ??= this.rowOf(line);
      this.fill(line, options);
    });
    const taken = this.taken().length;
    const summary = this.box.querySelector("[data-summary]");
    const values = [taken, this.lines.length, this.lines.length - taken];
    summary.textContent = values.reduce((text, value, n) => text.replace(`%${n + 1}`, value), summary.dataset.words);
    this.box.querySelector("[data-send]").disabled = !taken;
  }

  rowOf(line) {
    const row = this.box.querySelector("template[data-line]").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = line.file.name;
    row.querySelector("[data-from]").textContent = line.path.includes("/") ? line.path.slice(0, line.path.lastIndexOf("/")) : "";
    const select = row.querySelector("select");
    select.setAttribute("aria-label", line.path);
    select.addEventListener("change", () => this.choose(line, select.value));
    this.body.append(row);
    return row;
  }

  fill(line, options) {
    const select = line.row.querySelector("select");
    while (select.options.length > 1) select.remove(1);
    options.forEach((title, key) => select.add(new Option(title, key)));
    select.value = line.place ? keyOf(line.place) : "";
    select.title = line.place?.title ?? "";
    line.row.dataset.tone = line.tone;
    line.row.querySelector("[data-says]").textContent = line.says;
  }

  async choose(line, key) {
    const place = this.places.find((one) => keyOf(one) === key);
    line.to = place ? { code: place.code, label: place.isMany ? "" : place.label } : null;
    line.isLeftOut = !place;
    await this.sort().catch(() => {});
  }

  taken() {
    return this.lines.filter((line) => line.place && !line.problem);
  }

  send() {
    const chosen = this.taken();
    const left = this.lines.filter((line) => !chosen.includes(line));
    chosen.forEach((line) => {
      line.row.remove();
      enqueue(new Transfer(line.place, line.file, { sha256: line.sha256 }));
    });
    this.lines = left;
    if (!left.length) this.close();
    else this.show();
  }

  close() {
    this.lines.forEach((line) => line.row?.remove());
    this.lines = [];
    this.box.hidden = true;
  }
}
