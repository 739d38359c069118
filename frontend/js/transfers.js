// The slots of a page and what is dropped on them, or anywhere on the page: one file for a slot goes there, anything
// more is sorted and looked through first. What broke off, even with the browser closed, goes on when the same file is
// chosen again.
import { fresh } from "./dom.js";
import { NotTaken, entriesOf, gather, isArchive, limitsOf } from "./gathering.js";
import { sha256Of } from "./hashing.js";
import { placeOf, told } from "./places.js";
import { enqueue, forgetRow, pauseAll, resumeAll } from "./queue.js";
import { rowIn } from "./rows.js";
import { Sorter, ask } from "./sorter.js";
import { Transfer, giveUp } from "./transfer.js";

// Rows that a newly chosen file takes the place of.
const OVER = ["left", "failed", "asking", "paused", "broken"].map((state) => `.transfer[data-state=${state}]`).join();
let taking = null;

// -- one file for one slot

// What can be said at once is said before a byte is sent; the same file in another slot is the person's to decide.
async function takeOne(element, file) {
  const place = placeOf(element);
  const note = element.querySelector("[name=note]")?.value ?? "";
  element.querySelectorAll(OVER).forEach(forgetRow);
  const sha256 = await sha256Of(file);
  const question = { places: [told(place)], files: [{ path: file.name, size: file.size, sha256, to: told(place) }], exact: true };
  const [row] = await ask(place.sort, question).catch((error) => [{ problem: error.message, warning: "" }]);
  const transfer = new Transfer(place, file, { sha256, note });
  if (row.problem || row.here) return transfer.fail(row.problem || row.here);
  if (!row.warning) return enqueue(transfer);
  transfer.row.acts["all-the-same"] = () => enqueue(transfer);
  return transfer.say("asking", row.warning);
}

function startSlot(form) {
  const input = form.querySelector('input[type="file"]');
  form.querySelectorAll("[data-without-script]").forEach((element) => (element.hidden = true));
  input.multiple = true;
  input.addEventListener("change", () => {
    take([...input.files], form);
    input.value = "";
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  const camera = form.querySelector("[data-camera]");
  if (camera) {
    camera.hidden = false;
    camera.addEventListener("click", () => choose({ accept: "image/*", capture: "environment" }, (files) => take(files, form)));
  }
  catchDrops(form.closest("[data-drop-place]") ?? form, form);
}

function catchDrops(place, form) {
  const over = (is) => (event) => {
    event.preventDefault();
    place.classList.toggle("is-over", is);
  };
  place.addEventListener("dragover", over(true));
  place.addEventListener("dragleave", over(false));
  place.addEventListener("drop", (event) => {
    over(false)(event);
    event.stopPropagation();
    taking?.veil(false);
    take(entriesOf(event.dataTransfer), form);
  });
}

// A field for files that stands nowhere on the page.
function choose(attributes, then) {
  const input = Object.assign(document.createElement("input"), { type: "file" });
  Object.entries(attributes).forEach(([name, value]) => input.setAttribute(name, value));
  input.addEventListener("change", () => then([...input.files]));
  input.click();
}

// Where things go: one file on a slot goes there, everything else into the list.
async function take(things, form = null) {
  const only = things.length === 1 ? things[0] : null;
  const file = only instanceof File ? only : only?.isFile ? await new Promise((resolve) => only.file(resolve, () => resolve(null))) : null;
  if (form && file && !isArchive(file)) return takeOne(form, file);
  return things.length ? taking?.sort(things, form && placeOf(form)) : undefined;
}

// -- many files

class Taking {
  constructor(box) {
    this.box = box;
    this.sorter = new Sorter(box);
    box.hidden = false;
    const press = (name, act) => box.querySelector(`[data-${name}]`).addEventListener("click", act);
    press("choose-files", () => choose({ multiple: "" }, (files) => take(files)));
    press("choose-folder", () => choose({ multiple: "", webkitdirectory: "" }, (files) => take(files)));
    press("pause-all", pauseAll);
    press("resume-all", () => resumeAll());
  }

  say(key) {
    this.box.querySelector("[data-state]").textContent = key ? this.box.dataset[key] ?? key : "";
  }

  async sort(things, droppedOn) {
    this.say("");
    this.box.classList.add("is-reading");
    try {
      const files = await gather(things, limitsOf(this.box.dataset));
      if (files.length) await this.sorter.open(files, droppedOn);
      else this.say("nothing");
    } catch (error) {
      this.say(error instanceof NotTaken ? error.message : error.message || "failed");
    } finally {
      this.box.classList.remove("is-reading");
    }
  }

  veil(is) {
    this.box.querySelector("[data-veil]").hidden = !is;
  }
}

// Files may be let go anywhere; what another field of the page takes is its own.
function startPage() {
  const hasFiles = (event) => taking?.box.isConnected && event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    const isTaken = event.defaultPrevented;
    event.preventDefault();
    taking.veil(!isTaken);
  });
  document.addEventListener("dragleave", (event) => !event.relatedTarget && taking?.veil(false));
  document.addEventListener("drop", (event) => {
    taking?.veil(false);
    if (!hasFiles(event) || event.defaultPrevented) return;
    event.preventDefault();
    take(entriesOf(event.dataTransfer));
  });
  window.addEventListener("beforeunload", (event) => taking?.sorter.isOpen && event.preventDefault());
}

// -- what was left

// What this person began before and did not finish: the slot says so, and goes on when the same file is chosen.
async function showLeft(forms) {
  const addresses = new Set(forms.map((form) => form.dataset.begin));
  for (const address of addresses) {
    const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok) continue;
    const { uploads } = await answer.json();
    uploads.forEach((left) => {
      const form = forms.find((one) => one.dataset.begin === address && one.dataset.code === left.code && one.dataset.label === left.label);
      const place = form ?? document.querySelector("[data-rows]");
      if (!place || form?.querySelector(".transfer")) return;
      const face = rowIn(place);
      face.show("left", left.name, Math.min(1, (left.arrived.length * left.part_size) / left.size));
      face.acts["give-up"] = async () => {
        await giveUp(left);
        face.hide();
      };
    });
  }
}

export function startTransfers(root) {
  const [box] = fresh(root, "[data-taking]", "takingReady");
  if (box) {
    if (!taking) startPage();
    taking = new Taking(box);
  }
  const forms = fresh(root, "form[data-begin]", "transferReady");
  forms.forEach(startSlot);
  if (forms.length && (root === document || root.id === "parts")) showLeft(forms);
}
