// Parts of a page that an upload changes: elements with data-live and an id are read again, without a reload. What
// somebody works in, or what has an upload under way, stays as it is.
const PAUSE = 400;
let timer = null;

async function refresh() {
  if (!document.querySelector("[data-live][id]")) return;
  const answer = await fetch(window.location.href.split("#")[0], { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  fresh.querySelectorAll("[data-live][id]").forEach((part) => put(part, document.getElementById(part.id)));
  document.dispatchEvent(new CustomEvent("tongzheng:refreshed"));
}

function put(part, old) {
  const isTyped = old?.contains(document.activeElement) && document.activeElement.matches("textarea, select, [type=text]");
  if (isTyped || old?.querySelector(".transfer, details[open] dialog, .slot-note[open]")) return;
  const focused = old?.contains(document.activeElement) ? document.activeElement.id : "";
  const made = document.importNode(part, true);
  old?.querySelectorAll("details[open][id]").forEach((one) => made.querySelector(`[id="${one.id}"]`)?.setAttribute("open", ""));
  if (old) old.replaceWith(made);
  else if (!insert(made, part.previousElementSibling)) return;
  window.htmx.process(made);
  made.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: made } }));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

// A part that is new stands after the one it follows.
function insert(made, before) {
  const place = before?.id && document.getElementById(before.id);
  place?.after(made);
  return Boolean(place);
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE);
}

document.addEventListener("tongzheng:uploaded", later);
document.addEventListener("tongzheng:all-sent", later);
