// Short notices of refused or failed requests. Their words come from the page, in its language.
const KEYS = { 0: "network", 403: "refused", 404: "missing", 409: "stale", 413: "large" };

export function toast(text) {
  const place = document.getElementById("toasts");
  if (!place || !text) return;
  const notice = document.createElement("div");
  notice.className = "notice notice-bad";
  const words = document.createElement("div");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = place.dataset.close;
  close.addEventListener("click", () => notice.remove());
  notice.append(words, close);
  place.replaceChildren(notice);
}

export function sayStatus(status, says = "") {
  const place = document.getElementById("toasts");
  toast(says || place?.dataset[KEYS[status] ?? "broken"]);
}

// The sentence a refused request carries: JSON {"message": "..."}, nothing of other answers.
export function messageOf(text, type) {
  if (!type?.includes("json")) return "";
  try {
    return JSON.parse(text).message ?? "";
  } catch {
    return "";
  }
}
