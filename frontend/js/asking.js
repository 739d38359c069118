// Ask first: the question opens as a modal dialog. Without scripts it is a part of the page that unfolds.
import { fresh } from "./dom.js";

function open(details, dialog) {
  details.open = true;
  if (dialog.matches(":modal")) return;
  dialog.close();
  dialog.showModal();
}

export function startAsking(root) {
  fresh(root, "details[data-ask]", "askReady").forEach((details) => {
    const dialog = details.querySelector("dialog");
    details.querySelector("summary").addEventListener("click", (event) => {
      event.preventDefault();
      open(details, dialog);
    });
    dialog.addEventListener("close", () => {
      if (!dialog.matches(":modal")) details.open = false;
    });
    dialog.querySelector("[data-ask-close]").addEventListener("click", () => {
      dialog.close();
      details.open = false;
      details.querySelector("summary").focus();
    });
    if (details.open) open(details, dialog);
  });
}
