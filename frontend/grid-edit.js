// Editing in the grid: the row's form opens in its place; saved, the row comes back as the server shows it.
import { headers } from "./js/dom.js";
import { sayStatus } from "./js/toasts.js";

class Editing {
  constructor(grid) {
    this.grid = grid;
  }

  start() {
    this.grid.table.addEventListener("click", (event) => this.click(event));
    this.grid.frame.addEventListener("keydown", (event) => {
      const row = event.target.closest?.("tr[data-row]");
      if (event.target !== row || event.key !== "Enter") return;
      event.preventDefault();
      this.open(row, row.querySelector("[data-edit]"));
    });
  }

  click(event) {
    const link = event.target.closest("[data-edit], [data-add], [data-delete]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.open(link.closest("tr"), link);
  }

  async open(row, link) {
    this.close();
    const answer = await fetch(link.href, { headers: { ...headers(), Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) { sayStatus(answer?.status ?? 0); return; }
    const place = document.createElement("tr");
    place.className = "grid-form-row";
    place.insertCell().colSpan = this.grid.columns;
    this.opened = { place, row, hides: link.matches("[data-edit]") };
    if (this.opened.hides) row.hidden = true;
    row.after(place);
    this.show(await answer.text(), link.href);
  }

  show(html, url) {
    const { place } = this.opened;
    place.cells[0].innerHTML = html;
    const form = place.querySelector("form");
    form.addEventListener("submit", (event) => { event.preventDefault(); this.save(form, url); });
    form.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    form.querySelector("[data-cancel]").addEventListener("click", (event) => { event.preventDefault(); this.close(); });
    (form.querySelector("[aria-invalid]") ?? form.querySelector("textarea, input:not([type=hidden]), button"))?.focus();
  }

  close() {
    if (!this.opened) return;
    const { place, row } = this.opened;
    place.remove();
    row.hidden = false;
    row.focus({ preventScroll: true });
    this.opened = null;
  }

  async save(form, url) {
    const answer = await this.grid.send(url, new FormData(form));
    if (answer.status === 422) { this.show(answer.html, url); return; }
    if (!answer.ok) return;
    const { row, hides } = this.opened;
    this.close();
    const isParameter = row.classList.contains("grid-row");
    if (hides && isParameter) this.grid.replaceRow(row, answer.html);
    else await this.grid.reload();
    this.grid.progress(answer.progress);
  }
}

export function startEditing(grid) {
  new Editing(grid).start();
}
