// The workspace of a draft: what is missing is read again after each save and upload, the tables and
// materials when a save has changed which of them are wanted.
function readAgain(element) {
  if (element) window.htmx.trigger(element, "read-again");
}

// Each answer takes the place of the part before it.
function missing() {
  return document.querySelector("#missing");
}

document.addEventListener("autosaved", (event) => {
  const parts = document.querySelector("#parts");
  if (parts && event.detail.layout && event.detail.layout !== parts.dataset.layout) readAgain(parts);
  readAgain(missing());
});

document.addEventListener("tongzheng:all-sent", () => readAgain(missing()));

document.addEventListener("htmx:load", (event) => {
  if (event.target.classList?.contains("slot-body")) readAgain(missing());
});
