// Files wait here for their turn: a few are on their way at once, and one bar tells of all of them.
const AT_ONCE = 3;
// Sent whole, and the server has not said yet what became of them; the next are sent meanwhile.
const MOST_UNHEARD = 20;
const waiting = [];
const running = new Set();
const unheard = new Set();
const all = new Set();
let hasStood = false;

export function enqueue(transfer) {
  all.add(transfer);
  if (![...waiting, ...running, ...unheard].includes(transfer)) waiting.push(transfer);
  transfer.wait();
  next();
}

function next() {
  while (running.size < AT_ONCE && unheard.size < MOST_UNHEARD && waiting.length) run(waiting.shift());
  show();
}

async function run(transfer) {
  running.add(transfer);
  await transfer.go();
  running.delete(transfer);
  unheard.delete(transfer);
  next();
  if (!isBusy()) document.dispatchEvent(new CustomEvent("tongzheng:all-sent"));
}

// Its bytes are sent: the next one's turn.
export function hasSent(transfer) {
  if (running.delete(transfer)) unheard.add(transfer);
  next();
}

// Those that wait, the next first.
export function waitingNow() {
  return [...waiting];
}

// Waits no more, and is still counted.
export function hold(transfer) {
  const at = waiting.indexOf(transfer);
  if (at >= 0) waiting.splice(at, 1);
}

export function forget(transfer) {
  hold(transfer);
  all.delete(transfer);
  show();
}

// A row that goes takes its file with it.
export function forgetRow(row) {
  const transfer = [...all].find((one) => one.row.row === row);
  if (transfer) forget(transfer);
  row.remove();
}

export function isBusy() {
  return running.size + waiting.length + unheard.size > 0;
}

function fill(element, ...values) {
  if (element) element.textContent = values.reduce((text, value, n) => text.replace(`%${n + 1}`, value), element.dataset.words);
}

export function show() {
  const box = document.querySelector("[data-overall]");
  if (!box) return;
  const files = [...all];
  const done = files.filter((one) => one.state === "done").length;
  const failed = files.filter((one) => one.state === "failed").length;
  const size = files.reduce((sum, one) => sum + one.file.size, 0);
  const sent = files.reduce((sum, one) => sum + one.file.size * (one.state === "done" ? 1 : one.portion()), 0);
  hasStood ||= files.length > 1;
  box.hidden = !(hasStood && files.length) && !box.querySelector("[data-rows] .transfer");
  fill(box.querySelector("[data-count]"), done, files.length);
  const bad = box.querySelector("[data-failed-count]");
  bad.hidden = !failed;
  fill(bad, failed);
  box.querySelector("progress").value = size ? sent / size : 0;
  box.querySelector("[data-percent]").textContent = `${Math.floor(size ? (100 * sent) / size : 0)} %`;
  box.querySelector("[data-pause-all]").hidden = !isBusy();
  box.querySelector("[data-resume-all]").hidden = !files.some((one) => ["paused", "broken"].includes(one.state));
}

export function pauseAll() {
  waiting.splice(0).forEach((transfer) => transfer.pause());
  running.forEach((transfer) => transfer.pause());
  show();
}

export function resumeAll(states = ["paused", "broken"]) {
  [...all].filter((one) => states.includes(one.state)).forEach(enqueue);
}

window.addEventListener("online", () => resumeAll(["broken"]));
window.addEventListener("beforeunload", (event) => isBusy() && event.preventDefault());
