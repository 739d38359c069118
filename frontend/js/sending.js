// A form is sent once: the second click of a double click is not a second act. After a while, or when the browser
// goes back to the page, it can be sent again. What a script sends itself (htmx, uploads) is not meant.
const AGAIN_AFTER = 8000;

function release(form) {
  delete form.dataset.sent;
  form.removeAttribute("aria-busy");
}

export function startSending() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.target) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
    setTimeout(release, AGAIN_AFTER, form);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
}
