// Files that come in parts: <form data-begin="address" data-code="..." data-label="..."> sends what is chosen or dropped,
// with progress, pause and resume. What broke off, even with the browser closed, goes on when the same file is chosen
// again. The server says how: through it part by part, or straight to the store by links.
import { csrfToken, fresh } from "./dom.js";
import { replaceTarget } from "./replacing.js";
import { messageOf, sayStatus } from "./toasts.js";

const AT_ONCE = 3;
const LINKS = 20;
const TRIES = 6;
const WAIT_FOR_CHECK = 2000;
const running = new Set();

class Paused extends Error {}
class Refused extends Error {}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// Tells the same file when it is chosen again; not a proof of anything.
async function markOf(file) {
  const told = `${file.name}/${file.size}/${file.lastModified}`;
  if (!window.crypto?.subtle) return told.slice(-64);
  const ends = new Blob([told, file.slice(0, 65536), file.slice(-65536)]);
  const sum = await window.crypto.subtle.digest("SHA-256", await ends.arrayBuffer());
  return [...new Uint8Array(sum)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

class Transfer {
  constructor(form, file) {
    this.form = form;
    this.file = file;
    this.requests = new Set();
    this.links = {};
    this.sent = {};
    this.isPaused = false;
    this.row = rowOf(form);
    this.row.onPause = () => this.pause();
    this.row.onResume = () => this.go();
    this.row.onGiveUp = () => this.giveUp();
  }

  async go() {
    if (running.has(this)) return;
    running.add(this);
    this.isPaused = false;
    this.row.show("running", this.file.name, this.portion());
    try {
      await this.send();
    } catch (error) {
      if (error instanceof Refused) this.row.fail(error.message);
      else this.row.show(this.isPaused ? "paused" : "broken", this.file.name, this.portion());
    } finally {
      running.delete(this);
    }
  }

  async send() {
    this.told = await this.ask("POST", this.form.dataset.begin, {
      code: this.form.dataset.code, label: this.form.dataset.label, name: this.file.name, size: this.file.size,
      mark: await markOf(this.file),
    });
    while (this.told.state === "open") {
      if (this.told.by === "form") await this.post();
      else await this.sendParts();
      this.told = await this.complete();
    }
    while (this.told.state === "arrived") {
      this.row.show("reading", this.file.name, 1);
      await pause(WAIT_FOR_CHECK);
      this.told = await this.ask("GET", this.told.url);
    }
    if (this.told.state === "given_up") throw new Refused(this.told.problem);
    await this.done();
  }

  async complete() {
    try {
      return await this.ask("POST", `${this.told.url}complete/`);
    } catch (error) {
      if (error.status !== 409) throw error;
      return this.ask("GET", this.told.url);
    }
  }

  async post() {
    const body = new FormData();
    Object.entries(this.told.form.fields).forEach(([name, value]) => body.append(name, value));
    body.append("file", this.file);
    await this.again(() => this.request("POST", this.told.form.url, body, 1), 0);
  }

  async sendParts() {
    const there = new Set(this.told.arrived);
    const numbers = [...Array(this.told.parts).keys()].map((n) => n + 1);
    there.forEach((n) => (this.sent[n] = this.sizeOf(n)));
    const open = numbers.filter((n) => !there.has(n));
    const work = async () => {
      while (open.length) await this.sendPart(open.shift());
    };
    await Promise.all([...Array(Math.min(AT_ONCE, open.length))].map(work));
  }

  async sendPart(number) {
    const begin = (number - 1) * this.told.part_size;
    const piece = this.file.slice(begin, begin + this.told.part_size);
    await this.again(async () => {
      const address = await this.addressOf(number);
      delete this.links[number];
      await this.request("PUT", address, piece, number);
    }, number);
  }

  async addressOf(number) {
    if (this.told.through === "server") return `${this.told.url}parts/${number}/`;
    if (!this.links[number]) {
      const wanted = [...Array(LINKS).keys()].map((n) => n + number).filter((n) => n <= this.told.parts);
      this.links = { ...this.links, ...(await this.ask("POST", `${this.told.url}links/`, { parts: wanted })).links };
    }
    return this.links[number];
  }

  // Tried again when the line breaks, later and later; a sentence from the server is final.
  async again(attempt, number) {
    for (let tries = 1; ; tries += 1) {
      if (this.isPaused) throw new Paused();
      try {
        return await attempt();
      } catch (error) {
        this.sent[number] = 0;
        if (error instanceof Refused || error instanceof Paused || tries >= TRIES) throw error;
        await pause(500 * 2 ** tries);
      }
    }
  }

  request(method, address, body, number) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const toStore = new URL(address, window.location.href).origin !== window.location.origin;
      request.open(method, address);
      if (!toStore) request.setRequestHeader("X-CSRFToken", csrfToken());
      request.upload.addEventListener("progress", (event) => {
        this.sent[number] = event.loaded;
        this.row.progress(this.portion());
      });
      request.addEventListener("loadend", () => this.requests.delete(request));
      request.addEventListener("load", () => {
        const says = messageOf(request.responseText, request.getResponseHeader("Content-Type"));
        if (request.status < 300) resolve(request);
        else if (!toStore && says && request.status < 500) reject(new Refused(says));
        else reject(Object.assign(new Error(String(request.status)), { status: request.status }));
      });
      request.addEventListener("error", () => reject(new Error("line")));
      request.addEventListener("abort", () => reject(new Paused()));
      this.requests.add(request);
      request.send(body);
    });
  }

  async ask(method, address, told) {
    const answer = await this.again(() =>
      fetch(address, {
        method, credentials: "same-origin",
        headers: { "X-CSRFToken": csrfToken(), "Content-Type": "application/json" },
        body: told ? JSON.stringify(told) : undefined,
      }), 0);
    const data = await answer.json().catch(() => ({}));
    if (answer.ok) return data;
    if (answer.status === 409) throw Object.assign(new Error("409"), { status: 409 });
    if (!data.message) sayStatus(answer.status);
    throw data.message ? new Refused(data.message) : new Error(String(answer.status));
  }

  sizeOf(number) {
    return Math.min(this.told.part_size, this.file.size - (number - 1) * this.told.part_size);
  }

  portion() {
    const sent = Object.values(this.sent).reduce((sum, bytes) => sum + bytes, 0);
    return Math.min(1, sent / this.file.size);
  }

  pause() {
    this.isPaused = true;
    this.requests.forEach((request) => request.abort());
  }

  async giveUp() {
    this.pause();
    if (this.told) await giveUp(this.told);
    this.row.hide();
  }

  async done() {
    await showSlot(this.form, this.told);
    this.row.hide();
  }
}

function giveUp(told) {
  return fetch(`${told.url}give-up/`, { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": csrfToken() } });
}

async function showSlot(form, told) {
  const label = told.label ? `?label=${encodeURIComponent(told.label)}` : "";
  const answer = await fetch(`${told.slot}${label}`, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  if (!answer.ok) window.location.reload();
  else replaceTarget(form, await answer.text());
  document.body.dispatchEvent(new CustomEvent("tongzheng:uploaded", { detail: told }));
}

// The line under a slot's field that tells how far the file is, made from the <template> in the form.
function rowOf(form) {
  form.querySelector(".transfer")?.remove();
  const row = form.querySelector("template[data-transfer]").content.firstElementChild.cloneNode(true);
  form.append(row);
  const part = (name) => row.querySelector(`[data-${name}]`);
  const bar = row.querySelector("progress");
  const face = {
    progress(portion) {
      bar.value = portion;
      part("percent").textContent = `${Math.floor(portion * 100)} %`;
    },
    show(state, name, portion) {
      row.dataset.state = state;
      part("name").textContent = name;
      part("says").textContent = row.dataset[state] ?? "";
      part("pause").hidden = state !== "running";
      part("resume").hidden = state !== "paused" && state !== "broken";
      part("give-up").hidden = state === "reading";
      bar.hidden = state === "failed";
      face.progress(portion);
    },
    fail(message) {
      face.show("failed", "", 0);
      part("percent").textContent = "";
      part("says").textContent = message;
      part("give-up").hidden = true;
      row.setAttribute("role", "alert");
      row.classList.add("alert", "alert-danger");
    },
    hide() {
      row.remove();
    },
  };
  part("pause").addEventListener("click", () => face.onPause?.());
  part("resume").addEventListener("click", () => face.onResume?.());
  part("give-up").addEventListener("click", () => face.onGiveUp?.());
  return face;
}

// What this person began before and did not finish: the slot says so, and goes on when the same file is chosen.
async function showLeft(forms) {
  const addresses = new Set(forms.map((form) => form.dataset.begin));
  for (const address of addresses) {
    const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok) continue;
    const { uploads } = await answer.json();
    uploads.forEach((told) => {
      const form = forms.find((one) => one.dataset.begin === address && one.dataset.code === told.code && one.dataset.label === told.label);
      if (!form || form.querySelector(".transfer")) return;
      const face = rowOf(form);
      const bytes = told.arrived.length * told.part_size;
      face.show("left", told.name, Math.min(1, bytes / told.size));
      face.onGiveUp = async () => {
        await giveUp(told);
        face.hide();
      };
    });
  }
}

export function startTransfers(root) {
  const forms = fresh(root, "form[data-begin]", "transferReady");
  forms.forEach((form) => {
    const input = form.querySelector('input[type="file"]');
    form.querySelectorAll("[data-without-script]").forEach((element) => (element.hidden = true));
    const take = (files) => files.length && new Transfer(form, files[0]).go();
    input.addEventListener("change", () => {
      take([...input.files]);
      input.value = "";
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    const place = form.closest("[data-drop-place]") ?? form;
    const over = (is) => (event) => {
      event.preventDefault();
      place.classList.toggle("is-over", is);
    };
    place.addEventListener("dragover", over(true));
    place.addEventListener("dragleave", over(false));
    place.addEventListener("drop", (event) => {
      over(false)(event);
      take([...event.dataTransfer.files]);
    });
  });
  if (forms.length) showLeft(forms);
}

window.addEventListener("online", () => document.querySelectorAll(".transfer[data-state=broken] [data-resume]").forEach((button) => button.click()));
window.addEventListener("beforeunload", (event) => running.size && event.preventDefault());
