// A warning before a page with entries that are neither sent nor saved is left.
import { fresh } from "./dom.js";

const unsaved = new Set();

export function markUnsaved(form) {
  unsaved.add(form);
}

export function markSaved(form) {
  unsaved.delete(form);
}

export function startLeaving(root) {
  fresh(root, "form[data-warn-unsaved], form[data-autosave]", "leaveReady").forEach((form) => {
    document.addEventListener("input", (event) => event.target.form === form && markUnsaved(form));
    form.addEventListener("submit", () => markSaved(form));
  });
}

window.addEventListener("beforeunload", (event) => {
  const open = [...unsaved].some((form) => form.isConnected);
  if (open) event.preventDefault();
});
