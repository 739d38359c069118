// Files: <form data-upload> sends as soon as a file is chosen or dropped, with its progress shown.
// The answer replaces the element named by data-target (a selector; default: the form), or the page is loaded again.
import { csrfToken, fresh } from "./dom.js";
import { replaceTarget } from "./replacing.js";
import { messageOf, sayStatus } from "./toasts.js";

function finish(form, request) {
  form.classList.remove("is-uploading");
  const type = request.getResponseHeader("Content-Type");
  const isPart = type?.includes("html") && !request.responseText.trimStart().toLowerCase().startsWith("<!doctype");
  if (request.status < 300 && isPart) replaceTarget(form, request.responseText);
  else if (request.status < 300) window.location.reload();
  else if (request.status === 422 && isPart) replaceTarget(form, request.responseText);
  else sayStatus(request.status, messageOf(request.responseText, type));
}

function send(form) {
  const bar = form.querySelector("progress");
  const request = new XMLHttpRequest();
  const input = form.querySelector('input[type="file"]');
  request.open("POST", form.action);
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.setRequestHeader("HX-Request", "true");
  request.upload.addEventListener("progress", (event) => {
    if (bar && event.lengthComputable) bar.value = event.loaded / event.total;
  });
  request.addEventListener("load", () => {
    finish(form, request);
    input.value = "";
  });
  request.addEventListener("error", () => {
    form.classList.remove("is-uploading");
    input.value = "";
    sayStatus(0);
  });
  form.classList.add("is-uploading");
  request.send(new FormData(form));
}

function startDrop(form, input) {
  const place = form.closest("[data-drop-place]") ?? form;
  const over = (is) => (event) => {
    event.preventDefault();
    place.classList.toggle("is-over", is);
  };
  place.addEventListener("dragover", over(true));
  place.addEventListener("dragleave", over(false));
  place.addEventListener("drop", (event) => {
    over(false)(event);
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

export function startUploads(root) {
  fresh(root, "form[data-upload]", "uploadReady").forEach((form) => {
    const input = form.querySelector('input[type="file"]');
    if (!input) return;
    form.querySelectorAll("[data-without-script]").forEach((element) => (element.hidden = true));
    startDrop(form, input);
    input.addEventListener("change", () => input.files.length && form.dataset.upload !== "manual" && send(form));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.files.length) send(form);
    });
  });
}
