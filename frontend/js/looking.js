// The viewer: keys, the place of a note, two pages scrolled together. Everything else works without scripts.
const STEPS = { ArrowLeft: "back", ArrowRight: "on" };

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable], dialog") !== null;
}

function follow(link) {
  if (!link) return false;
  link.click();
  return true;
}

function zoomBy(step) {
  const links = [...document.querySelectorAll(".look-zoom")];
  const now = links.findIndex((link) => link.hasAttribute("aria-current"));
  return follow(links[now + step]);
}

function onKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
  let done = false;
  if (event.key in STEPS) {
    // In an enlarged page the arrows move the page itself.
    const place = event.target.closest(".look-place");
    if (place && place.scrollWidth > place.clientWidth) return;
    done = follow(document.querySelector(`[data-look="${STEPS[event.key]}"]`));
  } else if (event.key === "+" || event.key === "=") done = zoomBy(1);
  else if (event.key === "-") done = zoomBy(-1);
  else if (event.key === "n" || event.key === "N") {
    const words = document.querySelector("[data-pin-form] textarea");
    words?.focus();
    done = Boolean(words);
  }
  if (done) event.preventDefault();
}

function choose(form, x, y) {
  const mark = document.querySelector(".look-new");
  const says = form.querySelector("[data-pin-says]");
  says.dataset.first ??= says.textContent;
  form.elements.x.value = x ?? "";
  form.elements.y.value = y ?? "";
  const isPlaced = x !== null;
  says.textContent = isPlaced ? says.dataset.chosen : says.dataset.first;
  form.querySelector("[data-pin-clear]").hidden = !isPlaced;
  if (!mark) return;
  mark.toggleAttribute("hidden", !isPlaced);
  if (!isPlaced) return;
  mark.setAttribute("cx", `${x / 100}%`);
  mark.setAttribute("cy", `${y / 100}%`);
}

function part(at, from, size) {
  return Math.max(0, Math.min(10000, Math.round(((at - from) / size) * 10000)));
}

function onClick(event) {
  const form = document.querySelector("[data-pin-form]");
  if (!form) return;
  if (event.target.closest("[data-pin-clear]")) {
    choose(form, null, null);
    return;
  }
  const sheet = event.target.closest(".look-sheet[data-pin]");
  if (!sheet || event.target.closest("a")) return;
  const box = sheet.getBoundingClientRect();
  choose(form, part(event.clientX, box.left, box.width), part(event.clientY, box.top, box.height));
  form.elements.text.focus({ preventScroll: window.innerWidth >= 1200 });
}

// Two places at once: where one is scrolled to, by its share, the other follows.
let leading = null;
function onScroll(event) {
  const place = event.target;
  if (!(place instanceof Element) || !place.matches("[data-together]")) return;
  if (leading && leading !== place) return;
  leading = place;
  document.querySelectorAll("[data-together]").forEach((other) => {
    if (other === place) return;
    const down = place.scrollHeight - place.clientHeight;
    const across = place.scrollWidth - place.clientWidth;
    if (down > 0) other.scrollTop = (place.scrollTop / down) * (other.scrollHeight - other.clientHeight);
    if (across > 0) other.scrollLeft = (place.scrollLeft / across) * (other.scrollWidth - other.clientWidth);
  });
  requestAnimationFrame(() => requestAnimationFrame(() => (leading = null)));
}

function onFailed(event) {
  const picture = event.target;
  if (!(picture instanceof HTMLImageElement) || !picture.matches(".look-picture")) return;
  picture.hidden = true;
  picture.parentElement.querySelector(".look-failed").hidden = false;
}

function showFirstHit() {
  document.querySelector(".look-hit")?.scrollIntoView({ block: "center" });
}

// A note that came back with its words keeps its place.
function restorePlace() {
  const form = document.querySelector("[data-pin-form]");
  if (form?.elements.x.value && form.elements.y.value) {
    choose(form, Number(form.elements.x.value), Number(form.elements.y.value));
  }
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("scroll", onScroll, true);
document.addEventListener("error", onFailed, true);
document.addEventListener("htmx:afterSettle", showFirstHit);
window.addEventListener("load", showFirstHit);
restorePlace();
