// Forms that save as one types: <form data-autosave="URL" data-saved="Saved at" data-saving="..." data-failed="..." data-conflict="...">
// The server answers 200 with JSON {"saved_at": "...", "version": "..."}; 422 with {"errors": {field: [..]}}; 409 with {"message": "..."}.
// What was typed is never replaced. A conflict stops the saving until the page is loaded again.
import { fresh, headers } from "./dom.js";
import { markSaved } from "./leaving.js";

const PAUSE = 1200;
const RETRY = 10000;

class Autosave {
  constructor(form) {
    this.form = form;
    this.place = form.querySelector("[data-autosave-state]") ?? document.querySelector(`[data-autosave-state="${form.id}"]`);
    this.timer = null;
    this.running = false;
    this.waiting = false;
    this.stopped = false;
    // A field may stand outside of its form and name it.
    for (const kind of ["input", "change"]) {
      document.addEventListener(kind, (event) => event.target.form === form && this.later(PAUSE));
    }
    form.addEventListener("submit", () => clearTimeout(this.timer));
  }

  say(state, text) {
    if (!this.place) return;
    this.place.dataset.state = state;
    this.place.textContent = text ?? "";
  }

  later(pause) {
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => this.save(), pause);
  }

  async save() {
    if (this.running) {
      this.waiting = true;
      return;
    }
    this.running = true;
    this.say("saving", this.form.dataset.saving);
    try {
      const url = this.form.dataset.autosave || this.form.action;
      const answer = await fetch(url, { method: "POST", body: this.values(), headers: headers() });
      await this.tell(answer);
    } catch {
      this.say("error", this.form.dataset.failed);
      this.later(RETRY);
    } finally {
      this.running = false;
      if (this.waiting) this.later(PAUSE);
      this.waiting = false;
    }
  }

  values() {
    const data = new FormData(this.form);
    for (const [key, value] of [...data.entries()]) if (value instanceof File) data.delete(key);
    data.set("autosave", "yes");
    return data;
  }

  async tell(answer) {
    const body = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    if (answer.status === 409) {
      this.stopped = true;
      this.say("conflict", body.message || this.form.dataset.conflict);
    } else if (answer.ok && !answer.redirected) {
      this.saved(body);
    } else {
      this.keepVersion(body);
      this.say("error", body.message || this.form.dataset.failed);
      if (answer.status >= 500) this.later(RETRY);
    }
  }

  // Also an answer that refuses one field may have saved the others.
  keepVersion(body) {
    const version = this.form.elements.namedItem("version");
    if (version && body.version !== undefined) version.value = body.version;
  }

  saved(body) {
    this.keepVersion(body);
    if (!this.waiting) markSaved(this.form);
    this.say("saved", [this.form.dataset.saved, body.saved_at].filter(Boolean).join(" "));
    this.form.dispatchEvent(new CustomEvent("autosaved", { bubbles: true, detail: body }));
  }
}

export function startAutosave(root) {
  fresh(root, "form[data-autosave]", "autosaveReady").forEach((form) => new Autosave(form));
}
