// The visit on the phone: where one is, and answers that are saved as they are given.
// Without this script the same forms are sent by their buttons.
import { headers } from "./js/dom.js";
import { messageOf, sayStatus } from "./js/toasts.js";

const RETRY = 5000;
const PAUSE = 900;
const LOCATE = { enableHighAccuracy: true, timeout: 20000, maximumAge: 30000 };
const unsent = new Set();

// -- check-in

function startCheckin(form) {
  const state = form.querySelector("[data-checkin-state]");
  const button = form.querySelector("[data-locate]");
  const say = (text) => {
    state.textContent = text;
  };
  const failed = (error) => {
    button.disabled = false;
    form.querySelector("details").open = true;
    say(error?.code === 1 ? form.dataset.saysDenied : form.dataset.saysUnknown);
  };
  const found = ({ coords }) => {
    form.elements.latitude.value = coords.latitude.toFixed(6);
    form.elements.longitude.value = coords.longitude.toFixed(6);
    form.elements.accuracy_m.value = Math.round(coords.accuracy);
    say(form.dataset.saysSending);
    form.submit();
  };
  button.addEventListener("click", () => {
    if (!navigator.geolocation) return failed();
    button.disabled = true;
    say(form.dataset.saysLocating);
    navigator.geolocation.getCurrentPosition(found, failed, LOCATE);
  });
}

// -- checklist: one item, saved at once; never replaces what is typed

class Item {
  constructor(form) {
    this.form = form;
    this.state = form.querySelector("[data-item-state]");
    this.timer = null;
    this.running = false;
    this.again = false;
    this.stopped = false;
    form.addEventListener("change", (event) => this.changed(event));
    form.elements.note.addEventListener("input", () => this.later(PAUSE));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
  }

  say(tone, text) {
    this.state.dataset.state = tone;
    this.state.textContent = text ?? "";
  }

  needsFacts() {
    const answer = this.form.elements.answer.value;
    return answer !== "conform" && !this.form.elements.note.value.trim();
  }

  changed(event) {
    if (this.needsFacts()) {
      clearTimeout(this.timer);
      this.again = false;
      unsent.add(this);
      this.say("warn", this.form.dataset.saysFacts);
      if (event.target.name === "answer") this.form.elements.note.focus();
      return;
    }
    this.save();
  }

  later(pause) {
    unsent.add(this);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  async save() {
    clearTimeout(this.timer);
    if (this.stopped || !this.form.elements.answer.value) return;
    if (this.needsFacts()) return this.say("warn", this.form.dataset.saysFacts);
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    unsent.add(this);
    this.say("", this.form.dataset.saysSaving);
    try {
      await this.tell(await fetch(this.form.action, { method: "POST", body: new FormData(this.form), headers: headers() }));
    } catch {
      this.say("bad", this.form.dataset.saysFailed);
      this.later(RETRY);
    } finally {
      this.running = false;
      if (this.again) this.later(0);
      this.again = false;
    }
  }

  async tell(answer) {
    const text = await answer.text();
    const type = answer.headers.get("Content-Type");
    if (answer.ok && type?.includes("json")) return this.saved(JSON.parse(text));
    const says = messageOf(text, type);
    if (answer.status >= 500) {
      this.later(RETRY);
    } else if (answer.status !== 422) {
      this.stopped = true;
      sayStatus(answer.redirected ? 403 : answer.status, says);
    }
    this.say("bad", says || this.form.dataset.saysFailed);
  }

  saved({ says, done, total }) {
    if (!this.again) unsent.delete(this);
    this.form.dataset.saved = this.form.elements.answer.value;
    this.say("", says);
    const bar = document.querySelector("[data-progress]");
    bar.value = done;
    bar.max = total;
    document.querySelector("[data-done]").textContent = done;
  }
}

document.querySelectorAll("form[data-checkin]").forEach(startCheckin);
document.querySelectorAll("form[data-item]").forEach((form) => new Item(form));
window.addEventListener("beforeunload", (event) => {
  if (unsent.size) event.preventDefault();
});
window.addEventListener("online", () => unsent.forEach((item) => item.save()));
