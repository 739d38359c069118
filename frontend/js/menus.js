// Drop-down panels are <details>: a click elsewhere or Escape closes them.
import { fresh } from "./dom.js";

export function startMenus(root) {
  fresh(root, "details[data-drop]", "dropReady").forEach((drop) => {
    document.addEventListener("click", (event) => {
      if (!drop.contains(event.target)) drop.open = false;
    });
    drop.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      drop.open = false;
      drop.querySelector("summary").focus();
    });
  });
  fresh(root, "select[data-submit]", "submitReady").forEach((select) => {
    select.addEventListener("change", () => select.form.requestSubmit());
  });
  fresh(root, "[data-print]", "printReady").forEach((button) => {
    button.addEventListener("click", () => window.print());
  });
}
