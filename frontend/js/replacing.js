// Puts an answered part of a page in the place of the old one: the element named by data-target, or the form itself.
export function replaceTarget(form, html) {
  const target = form.dataset.target ? document.querySelector(form.dataset.target) : form;
  if (!target || !html.trim()) {
    window.location.reload();
    return;
  }
  const part = document.createElement("template");
  part.innerHTML = html;
  const fresh = part.content.firstElementChild;
  target.replaceWith(part.content);
  if (!fresh) return;
  window.htmx.process(fresh);
  window.htmx.trigger(fresh, "htmx:load");
}
