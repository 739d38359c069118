// Confirming in the grid: one click saves; restricting and dropping ask for words; several rows at once.
const KEYS = { 1: "confirmed", 2: "restricted", 3: "dropped" };
const NO_ROW = "00000000-0000-0000-0000-000000000000";

class Confirming {
  constructor(grid, say) {
    this.grid = grid;
    this.say = say;
    this.root = grid.root;
    this.chosen = new Set();
    this.under = null;
    this.all = false;
    this.means = this.root.querySelector("[data-means-default]");
    this.panels = this.root.querySelector("[data-bulk-panel]");
  }

  start() {
    this.grid.table.addEventListener("click", (event) => this.click(event));
    this.grid.table.addEventListener("change", (event) => this.change(event));
    this.grid.frame.addEventListener("keydown", (event) => this.key(event));
    this.root.querySelector("[data-choose-all]").addEventListener("change", (event) => this.chooseAll(event.target.checked));
    this.root.querySelectorAll("[data-bulk-choice]").forEach((button) => {
      button.addEventListener("click", () => this.many(button.dataset.bulkChoice));
    });
    this.grid.form.addEventListener("change", () => this.clear());
    this.grid.form.querySelector("[type=search]").addEventListener("input", () => this.clear());
    this.grid.afterRows.push(() => this.paint());
  }

  click(event) {
    const choice = event.target.closest("[data-verdict-choice]");
    if (choice) this.one(choice.closest("tr"), choice.dataset.verdictChoice);
    const under = event.target.closest("[data-under]");
    if (under) this.chooseUnder(under);
  }

  key(event) {
    const row = event.target.closest?.("tr[data-row]");
    if (event.target !== row || !row.classList.contains("grid-row")) return;
    if (KEYS[event.key]) this.one(row, KEYS[event.key]);
    else if (event.key === " ") this.choose(row, !this.chosen.has(row.dataset.row));
    else return;
    event.preventDefault();
  }

  change(event) {
    if (event.target.name === "row") this.choose(event.target.closest("tr"), event.target.checked);
  }

  // -- choosing

  choose(row, is) {
    this.under = null;
    if (this.all) { this.all = false; this.chosen = new Set(this.grid.rows().map((r) => r.dataset.row)); }
    if (is) this.chosen.add(row.dataset.row);
    else this.chosen.delete(row.dataset.row);
    this.paint();
  }

  chooseAll(is) {
    this.clear();
    this.all = is;
    this.paint();
  }

  chooseUnder(button) {
    const id = button.dataset.under;
    const was = this.under?.id === id;
    this.clear();
    if (!was) this.under = { id, words: button.closest("tr").querySelector(".grid-heading-line > span").textContent.trim() };
    this.paint();
  }

  clear() {
    this.chosen.clear();
    this.all = false;
    this.under = null;
    this.panels.hidden = true;
    this.paint();
  }

  isChosen(row) {
    return this.all || this.chosen.has(row.dataset.row);
  }

  paint() {
    this.grid.table.querySelectorAll("tr.grid-row").forEach((row) => {
      const is = this.isChosen(row);
      row.classList.toggle("is-chosen", is);
      const box = row.querySelector('input[name="row"]');
      if (box) box.checked = is;
    });
    this.grid.table.querySelectorAll("[data-under]").forEach((button) => button.setAttribute("aria-pressed", String(this.under?.id === button.dataset.under)));
    this.root.querySelector("[data-choose-all]").checked = this.all;
    const count = this.all ? this.grid.total : this.chosen.size;
    const words = this.under ? this.under.words : count;
    const any = Boolean(this.under || count);
    this.root.querySelector("[data-chosen]").textContent = any ? this.grid.says("chosen", { count: words }) : "";
    this.root.querySelectorAll("[data-bulk-choice]").forEach((button) => (button.disabled = !any));
  }

  // -- one row

  one(row, verdict) {
    const means = row.querySelector("[data-means]")?.dataset.means || this.means.value;
    row.querySelector(".grid-panel")?.remove();
    if (verdict === "confirmed" && this.means.value) this.saveRow(row, this.body({ verdict, means: this.means.value, restriction: "", note: "" }));
    else this.ask(row.querySelector(".grid-verdict"), verdict, { means, restriction: this.words(row, "[data-restriction]", ".grid-restriction .lines"), note: this.words(row, "[data-note]") }, (body) => this.saveRow(row, body));
  }

  words(row, ...places) {
    return places.map((place) => row.querySelector(place)?.textContent.trim()).find(Boolean) ?? "";
  }

  body(values) {
    const body = new FormData();
    Object.entries(values).forEach(([key, value]) => body.append(key, value));
    return body;
  }

  async saveRow(row, body) {
    row.classList.add("is-saving");
    const answer = await this.grid.send(this.root.dataset.confirmRow.replace(NO_ROW, row.dataset.row), body);
    row.classList.remove("is-saving");
    if (answer.ok) {
      this.grid.replaceRow(row, answer.html);
      this.grid.progress(answer.progress);
    }
    return answer.status === 422 ? this.errors(answer.html) : "";
  }

  errors(html) {
    const part = document.createElement("template");
    part.innerHTML = html ?? "";
    return [...part.content.querySelectorAll(".field-error, .notice p")].map((p) => p.textContent.trim()).filter(Boolean).join(" ");
  }

  // The small form for the words of a verdict; `save` returns what is wrong, or nothing.
  ask(place, verdict, values, save) {
    const panel = this.root.querySelector("template[data-panel]").content.firstElementChild.cloneNode(true);
    const label = this.root.querySelector(`[data-bulk-choice="${verdict}"]`).textContent;
    panel.querySelector("[data-panel-title]").textContent = label;
    panel.elements.verdict.value = verdict;
    Object.entries(values).forEach(([key, value]) => (panel.elements[key].value = value));
    panel.querySelector("[data-for-means]").hidden = verdict === "dropped";
    panel.querySelector("[data-for-restriction]").hidden = verdict !== "restricted";
    const back = place.closest("tr") ?? this.panels;
    panel.querySelector("[data-panel-close]").addEventListener("click", () => this.close(panel, back));
    panel.addEventListener("keydown", (event) => event.key === "Escape" && this.close(panel, back));
    panel.addEventListener("submit", (event) => { event.preventDefault(); this.submit(panel, save); });
    place.querySelector(".grid-panel")?.remove();
    place.append(panel);
    this.focusFirst(panel, verdict);
  }

  focusFirst(panel, verdict) {
    const needed = { restricted: "restriction", dropped: "note", confirmed: "means" }[verdict];
    panel.elements[needed].focus();
  }

  close(panel, back) {
    panel.remove();
    if (back === this.panels) back.hidden = true;
    else back.focus({ preventScroll: true });
  }

  async submit(panel, save) {
    const wrong = await save(new FormData(panel));
    const place = panel.querySelector(".field-error");
    place.textContent = wrong;
    place.hidden = !wrong;
    if (panel.elements.means.value && !this.means.value && !wrong) this.means.value = panel.elements.means.value;
  }

  // -- several rows

  many(verdict) {
    const values = { means: this.means.value, restriction: "", note: "" };
    if (verdict === "confirmed" && this.means.value) { this.saveMany(this.body({ verdict, ...values })).then((wrong) => this.say(wrong)); return; }
    this.panels.hidden = false;
    this.ask(this.panels, verdict, values, (body) => this.saveMany(body));
  }

  async saveMany(body) {
    if (this.all) this.grid.query().forEach((value, key) => key !== "mode" && body.append(key, value));
    if (this.all) body.append("all", "1");
    else if (this.under) body.append("under", this.under.id);
    else this.chosen.forEach((id) => body.append("row", id));
    const answer = await this.grid.send(this.root.dataset.confirm, body);
    if (!answer.ok) return answer.message ?? "";
    this.grid.progress(answer.progress);
    this.panels.replaceChildren();
    this.clear();
    this.root.querySelector("[data-chosen]").textContent = this.grid.says("many", { count: answer.count });
    await this.grid.reload();
    return "";
  }
}

export function startConfirming(grid, say) {
  new Confirming(grid, say).start();
}
