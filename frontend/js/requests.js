// htmx: the CSRF header on what changes something, and words for what failed.
import { csrfToken } from "./dom.js";
import { startSending } from "./sending.js";
import { messageOf, sayStatus } from "./toasts.js";

export function startRequests() {
  startSending();
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrfToken();
  });
  document.addEventListener("htmx:sendError", () => sayStatus(0));
  document.addEventListener("htmx:timeout", () => sayStatus(0));
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    sayStatus(xhr.status, messageOf(xhr.responseText, xhr.getResponseHeader("Content-Type")));
  });
}
