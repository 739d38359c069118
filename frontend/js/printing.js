// Paper shows everything: what is folded opens for the print and folds again afterwards. Questions stay closed.
const FOLDED = "details:not([open]):not(.ask)";
let opened = [];

export function startPrinting() {
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(FOLDED)];
    opened.forEach((details) => (details.open = true));
  });
  window.addEventListener("afterprint", () => {
    opened.forEach((details) => (details.open = false));
    opened = [];
  });
}
