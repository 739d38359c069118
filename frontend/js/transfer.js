// One file on its way: begun, sent in parts or at once, joined, and checked; paused, broken off, and gone on with.
// The server says how: through it part by part, or straight to the store by links. A capability table goes to its own
// address (`post`) as a form.
import { csrfToken } from "./dom.js";
import { markOf } from "./hashing.js";
import { enqueue, forget, hasSent, hold, show, waitingNow } from "./queue.js";
import { replaceTarget } from "./replacing.js";
import { rowIn } from "./rows.js";
import { messageOf, sayStatus } from "./toasts.js";
import { Together } from "./together.js";

const AT_ONCE = 3;
const LINKS = 20;
const TRIES = 6;
const WAIT_FOR_CHECK = 2000;
// Small files are begun together with those that wait behind them, and completed together.
const SMALL = 8 * 1024 * 1024;
const MOST_TOGETHER = { files: 20, bytes: 32 * 1024 * 1024 };
// The form of a file that was begun so long ago may have expired.
const FRESH = 5 * 60 * 1000;

class Paused extends Error {}
export class Refused extends Error {}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function sendJson(method, address, told) {
  return fetch(address, {
    method, credentials: "same-origin",
    headers: { "X-CSRFToken": csrfToken(), "Content-Type": "application/json" },
    body: told ? JSON.stringify(told) : undefined,
  });
}

// What was told of a file, or the error it stands for.
function heard(told) {
  if (!told.status) return told;
  if (told.status === 409) throw Object.assign(new Error("409"), { status: 409 });
  if (!told.message) sayStatus(told.status);
  // 503: the store is away; the line is shown as broken and goes on when asked.
  throw told.message && told.status < 500 ? new Refused(told.message) : new Error(String(told.status));
}

async function dataOf(answer) {
  const data = await answer.json().catch(() => ({}));
  return answer.ok ? data : { message: data.message, status: answer.status };
}

const completing = new Together(async (uploads) => {
  const data = await dataOf(await sendJson("POST", uploads[0].together, { uploads: uploads.map((one) => one.upload) }));
  return uploads.map((_, n) => (data.status ? data : data.files[n]));
});

export class Transfer {
  // `more`: sha256 and note, where they are known.
  constructor(place, file, more = {}) {
    this.place = place;
    this.file = file;
    this.more = more;
    this.requests = new Set();
    this.isPaused = false;
    this.state = "new";
    this.forgetSent();
    rowPlace(place).querySelectorAll(":scope > .transfer[data-state=left]").forEach((row) => row.remove());
    this.row = rowIn(rowPlace(place), {
      pause: () => this.pause(), resume: () => enqueue(this), retry: () => this.retry(), "give-up": () => this.giveUp(),
    });
  }

  forgetSent() {
    this.links = {};
    this.sent = {};
    this.early = null;
  }

  say(state, words) {
    this.state = state;
    this.row.show(state, this.file.name, this.portion(), words);
    show();
  }

  wait() {
    this.say("waiting");
  }

  retry() {
    this.forgetSent();
    enqueue(this);
  }

  async go() {
    this.isPaused = this.isStopped = false;
    this.say("running");
    try {
      await (this.place.post ? this.postForm() : this.send());
      this.state = "done";
    } catch (error) {
      this.stop();
      if (error instanceof Refused) this.fail(error.message);
      else this.say(this.isPaused ? "paused" : "broken");
    }
    show();
  }

  fail(message) {
    this.state = "failed";
    this.row.fail(message);
  }

  async postForm() {
    const body = new FormData();
    Object.entries(this.place.fields).forEach(([name, value]) => body.append(name, value));
    body.append("file", this.file, this.file.name);
    await this.again(() => this.request("POST", this.place.post, body, 1), 1);
    this.row.hide();
  }

  async send() {
    this.told = await this.begin();
    while (this.told.state === "open") {
      if (this.told.by === "form") await this.post();
      else await this.sendParts();
      hasSent(this);
      this.told = await this.complete();
    }
    while (this.told.state === "arrived") {
      this.say("reading");
      await pause(WAIT_FOR_CHECK);
      this.told = await this.ask("GET", this.told.url);
    }
    if (this.told.state === "given_up") throw new Refused(this.told.problem);
    await this.done();
  }

  async wish() {
    const { code, label } = this.place;
    return { code, label, name: this.file.name, size: this.file.size, mark: await markOf(this.file), ...this.more };
  }

  async begin() {
    const told = await this.early?.told;
    if (told && Date.now() - this.early.at < FRESH) {
      this.early = null;
      return heard(told);
    }
    await null; // those enqueued at the same moment are there now
    const group = [this, ...this.behind()];
    const asked = this.beginAll(group);
    group.forEach((one, n) => (one.early = { at: Date.now(), told: asked.then((files) => files[n], () => null) }));
    this.early = null;
    return heard((await asked)[0]);
  }

  async beginAll(group) {
    // Another's file that cannot be read is told when it is its own turn.
    const wishes = await Promise.all(group.map((one) => (one === this ? one.wish() : one.wish().catch(() => null))));
    const files = wishes.filter(Boolean);
    const data = await dataOf(await this.again(() => sendJson("POST", this.place.begin, { files }), 0));
    return wishes.map((wish) => (data.status ? data : wish && data.files.shift()));
  }

  // Small ones that wait and go to the same place, as many as are soon sent.
  behind() {
    let bytes = 0;
    const fits = (one) => {
      const may = !one.early && one.place.begin === this.place.begin && !one.place.post && one.file.size <= SMALL;
      bytes += may ? one.file.size : 0;
      return may && bytes <= MOST_TOGETHER.bytes;
    };
    return this.file.size <= SMALL ? waitingNow().filter(fits).slice(0, MOST_TOGETHER.files - 1) : [];
  }

  async complete() {
    try {
      return heard(await this.again(() => completing.of(this.told), 0));
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
      if (this.isPaused || this.isStopped) throw new Paused();
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
      if (this.place.post) request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", (event) => {
        this.sent[number] = event.loaded;
        this.row.progress(this.portion());
        show();
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
    return heard(await dataOf(await this.again(() => sendJson(method, address, told), 0)));
  }

  sizeOf(number) {
    return Math.min(this.told.part_size, this.file.size - (number - 1) * this.told.part_size);
  }

  portion() {
    const sent = Object.values(this.sent).reduce((sum, bytes) => sum + bytes, 0);
    return Math.min(1, sent / (this.file.size || 1));
  }

  pause() {
    if (this.state === "waiting") {
      hold(this);
      this.say("paused");
    }
    this.isPaused = true;
    this.stop();
  }

  // Whatever is on the line ends: one part that failed for good ends the others too.
  stop() {
    this.isStopped = true;
    this.requests.forEach((request) => request.abort());
  }

  async giveUp() {
    this.pause();
    forget(this);
    const told = this.told ?? (await this.early?.told);
    if (told?.url) await giveUp(told);
    this.row.hide();
  }

  async done() {
    if (!this.place.isFurther) await showSlot(this.place.element, this.told);
    this.row.hide();
    document.dispatchEvent(new CustomEvent("tongzheng:uploaded", { detail: this.told }));
  }
}

// A slot tells of its own files; what has no slot on the page yet is told with the others.
function rowPlace(place) {
  const isSlot = place.element.matches("form") && !place.isFurther;
  return (isSlot ? document.querySelector(`form[data-target="${place.element.dataset.target}"]`) : null) ?? document.querySelector("[data-rows]") ?? place.element;
}

export function giveUp(told) {
  return fetch(`${told.url}give-up/`, { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": csrfToken() } });
}

async function showSlot(form, told) {
  const label = told.label ? `?label=${encodeURIComponent(told.label)}` : "";
  const answer = await fetch(`${told.slot}${label}`, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  if (!answer.ok) window.location.reload();
  else replaceTarget(form, await answer.text());
}
