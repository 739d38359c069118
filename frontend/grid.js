// The capability table: chunks of rows come as one scrolls and go when they are far, so 10,000 rows stay light.
// The server renders every row; here is only what moves. Without this script the page shows 200 rows and links.
import { headers } from "./js/dom.js";
import { sayStatus, toast } from "./js/toasts.js";
import { startConfirming } from "./grid-confirm.js";
import { startEditing } from "./grid-edit.js";

const CHUNK = 100;
const KEPT = 24;
const ROW_HEIGHT = 64;
const PAUSE = 250;

const fill = (text, values) => Object.entries(values).reduce((t, [key, value]) => t.replaceAll(`{${key}}`, value), text);

export class Grid {
  constructor(root) {
    this.root = root;
    this.says = (key, values = {}) => fill(root.dataset[`says${key[0].toUpperCase()}${key.slice(1)}`] ?? "", values);
    this.frame = root.querySelector("[data-frame]");
    this.table = root.querySelector("table");
    this.form = root.querySelector("[data-grid-filter]");
    this.columns = root.querySelectorAll("thead th").length;
    this.total = Number(root.dataset.total);
    this.height = ROW_HEIGHT;
    this.used = 0;
    this.wide = window.matchMedia("(min-width: 768px)");
    this.wide.addEventListener("change", () => this.watch());
    this.afterRows = [];
  }

  start() {
    const first = this.table.tBodies[0];
    const isWhole = Number(this.root.dataset.offset) === 0;
    this.build(isWhole ? [...first.rows] : []);
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.narrow(); });
    this.form.addEventListener("change", () => this.narrow());
    this.form.querySelector("[type=search]").addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.narrow(), PAUSE);
    });
    this.frame.addEventListener("keydown", (event) => this.key(event));
  }

  // One tbody per chunk; those that are not loaded hold one row as high as the chunk will be.
  build(rows = []) {
    this.table.querySelectorAll("tbody").forEach((body) => body.remove());
    this.chunks = [];
    for (let offset = 0; offset < this.total; offset += CHUNK) {
      const chunk = { body: document.createElement("tbody"), offset, count: Math.min(CHUNK, this.total - offset), state: "empty", used: 0 };
      chunk.body.gridChunk = chunk;
      const ready = rows.slice(offset, offset + CHUNK);
      if (ready.length === chunk.count) this.place(chunk, ready);
      else this.hold(chunk);
      this.chunks.push(chunk);
      this.table.append(chunk.body);
    }
    this.measure();
    this.table.setAttribute("aria-rowcount", this.total);
    const none = this.root.querySelector("[data-none]");
    none.hidden = this.total > 0;
    if (this.isNarrowed()) none.textContent = this.says("none");
    this.table.classList.toggle("is-narrowed", this.isNarrowed());
    this.root.querySelector("[data-count]").textContent = this.says("rows", { count: this.total });
    this.watch();
    this.afterRows.forEach((run) => run());
  }

  place(chunk, rows) {
    chunk.body.replaceChildren(...rows);
    chunk.state = "ready";
    chunk.used = ++this.used;
  }

  hold(chunk, height = chunk.count * this.height) {
    const row = document.createElement("tr");
    row.className = "grid-spacer";
    const cell = row.insertCell();
    cell.colSpan = this.columns;
    cell.style.height = `${height}px`;
    const words = document.createElement("span");
    words.textContent = this.says("loading");
    cell.append(words);
    chunk.body.replaceChildren(row);
    chunk.state = "empty";
  }

  measure() {
    const ready = this.chunks.find((chunk) => chunk.state === "ready");
    if (!ready) return;
    const height = ready.body.getBoundingClientRect().height / ready.count;
    if (!height || Math.abs(height - this.height) < 4) return;
    this.height = height;
    this.chunks.filter((chunk) => chunk.state === "empty").forEach((chunk) => this.hold(chunk));
  }

  watch() {
    this.observer?.disconnect();
    const root = getComputedStyle(this.frame).overflowY === "visible" ? null : this.frame;
    this.observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.seen(entry)), { root, rootMargin: "1200px 0px" });
    this.chunks.forEach((chunk) => this.observer.observe(chunk.body));
  }

  seen(entry) {
    const chunk = entry.target.gridChunk;
    chunk.isNear = entry.isIntersecting;
    if (!chunk.isNear) return;
    chunk.used = ++this.used;
    if (chunk.state === "empty") this.load(chunk);
  }

  query(more = {}) {
    const query = new URLSearchParams();
    new FormData(this.form).forEach((value, key) => value && query.set(key, value));
    Object.entries(more).forEach(([key, value]) => query.set(key, value));
    return query;
  }

  isNarrowed() {
    return ["q", "show", "category"].some((key) => this.query().get(key));
  }

  async fetchChunk(offset) {
    const answer = await fetch(`${this.root.dataset.rows}?${this.query({ offset })}`, { headers: { ...headers(), Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async load(chunk) {
    if (chunk.state !== "empty") return chunk.loading;
    chunk.state = "loading";
    chunk.loading = this.fetchChunk(chunk.offset).then((data) => this.loaded(chunk, data)).catch(() => this.failed(chunk));
    return chunk.loading;
  }

  loaded(chunk, data) {
    if (!this.chunks.includes(chunk)) return;
    if (data.total !== this.total) {
      this.total = data.total;
      this.build();
      return;
    }
    this.place(chunk, this.rowsOf(data.html));
    this.afterRows.forEach((run) => run(chunk));
    this.forget();
  }

  failed(chunk) {
    chunk.state = "failed";
    const place = chunk.body.querySelector("span");
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = this.says("again");
    again.addEventListener("click", () => { this.hold(chunk); this.load(chunk); });
    place?.replaceChildren(`${this.says("failed")} `, again);
  }

  rowsOf(html) {
    const part = document.createElement("template");
    part.innerHTML = `<table><tbody>${html}</tbody></table>`;
    return [...part.content.querySelectorAll("tbody > tr")];
  }

  // Far chunks give their rows back, unless something is being written there.
  forget() {
    const ready = this.chunks.filter((chunk) => chunk.state === "ready");
    if (ready.length <= KEPT) return;
    const far = ready.filter((chunk) => !chunk.isNear && !chunk.body.contains(document.activeElement) && !chunk.body.querySelector("form"));
    far.sort((a, b) => a.used - b.used).slice(0, ready.length - KEPT).forEach((chunk) => this.hold(chunk, chunk.body.getBoundingClientRect().height));
  }

  async narrow() {
    clearTimeout(this.timer);
    const query = this.query().toString();
    if (query === this.lastQuery) return;
    this.lastQuery = query;
    window.history.replaceState(null, "", `?${query}`);
    await this.reload();
    this.frame.scrollTop = 0;
  }

  // Rows were added, removed or narrowed: count again, and load what is in view.
  async reload() {
    const asked = (this.asked = Symbol("reload"));
    try {
      const data = await this.fetchChunk(0);
      if (this.asked !== asked) return;
      const top = this.frame.scrollTop;
      this.total = data.total;
      this.build(this.rowsOf(data.html));
      this.frame.scrollTop = top;
    } catch (error) {
      sayStatus(Number(error.message) || 0);
    }
  }

  replaceRow(row, html) {
    const [fresh] = this.rowsOf(html);
    if (!fresh) { row.remove(); return null; }
    fresh.setAttribute("aria-rowindex", row.getAttribute("aria-rowindex"));
    const hadFocus = row === document.activeElement || row.contains(document.activeElement);
    row.replaceWith(fresh);
    if (hadFocus) fresh.focus({ preventScroll: true });
    this.afterRows.forEach((run) => run());
    return fresh;
  }

  async send(url, body) {
    const answer = await fetch(url, { method: "POST", body, headers: { ...headers(), Accept: "application/json" } }).catch(() => null);
    if (!answer) { sayStatus(0); return { status: 0 }; }
    const type = answer.headers.get("Content-Type") ?? "";
    const data = type.includes("json") ? await answer.json() : { html: await answer.text() };
    if (!answer.ok && answer.status !== 422) sayStatus(answer.status, data.message);
    return { status: answer.status, ok: answer.ok, ...data };
  }

  progress(counts) {
    const words = this.root.querySelector("[data-progress-words]");
    if (!counts) return;
    if (words) words.textContent = this.says("progress", counts);
    const bar = this.root.querySelector("[data-progress]");
    if (bar) { bar.max = counts.total; bar.value = counts.done; }
    this.root.querySelectorAll("option[data-show]").forEach((option) => {
      const count = counts[option.dataset.show];
      if (count !== undefined) option.textContent = `${option.dataset.label} (${count})`;
    });
  }

  // -- keys

  rows() { return [...this.table.querySelectorAll("tbody > tr[data-row]")]; }

  key(event) {
    const row = event.target.closest?.("tr[data-row]");
    if (event.target !== row && event.target !== this.frame) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    this.go(row, steps[event.key]);
  }

  async go(row, step) {
    const from = row ? Number(row.getAttribute("aria-rowindex")) : step < 0 ? this.total + 1 : 0;
    const wanted = Math.max(1, Math.min(this.total, from + step));
    const chunk = this.chunks[Math.floor((wanted - 1) / CHUNK)];
    if (!chunk) return;
    if (chunk.state !== "ready") {
      chunk.body.scrollIntoView({ block: "nearest" });
      await this.load(chunk);
    }
    const found = chunk.body.rows[(wanted - 1) % CHUNK];
    found?.focus({ preventScroll: true });
    found?.scrollIntoView({ block: "nearest" });
  }
}

document.querySelectorAll("[data-grid]").forEach((root) => {
  const grid = new Grid(root);
  if (root.dataset.mode === "confirm") startConfirming(grid, toast);
  if (root.dataset.mode === "edit") startEditing(grid);
  grid.start();
});
