// Small helpers shared by the modules.

// Every element of the selector inside root, root included, that was not started before.
export function fresh(root, selector, mark) {
  const found = [...root.querySelectorAll(selector)];
  if (root.matches?.(selector)) found.unshift(root);
  return found.filter((element) => {
    if (element.dataset[mark]) return false;
    element.dataset[mark] = "yes";
    return true;
  });
}

export function csrfToken() {
  return document.querySelector("#app-script")?.dataset.csrf ?? "";
}

export function headers() {
  return { "X-CSRFToken": csrfToken(), "X-Requested-With": "XMLHttpRequest" };
}
