// The line of one file: how far it is, what is wrong, and the buttons; made from <template data-transfer>.
const BUTTONS = {
  waiting: ["give-up"], running: ["pause", "give-up"], paused: ["resume", "give-up"], broken: ["resume", "give-up"], left: ["give-up"],
  failed: ["retry", "give-up"], asking: ["all-the-same", "give-up"], reading: [],
};
const NAMES = ["pause", "resume", "retry", "all-the-same", "give-up"];

// `acts` holds a function for each button, by its name.
export function rowIn(place, acts = {}) {
  const template = place.querySelector("template[data-transfer]") ?? document.querySelector("template[data-transfer]");
  const row = template.content.firstElementChild.cloneNode(true);
  place.append(row);
  const part = (name) => row.querySelector(`[data-${name}]`);
  const bar = row.querySelector("progress");
  NAMES.forEach((name) => part(name).addEventListener("click", () => face.acts[name]?.()));
  const face = {
    acts,
    row,
    progress(portion) {
      bar.value = portion;
      part("percent").textContent = `${Math.floor(portion * 100)} %`;
    },
    show(state, name, portion, says = row.dataset[state] ?? "") {
      const isBad = state === "failed";
      row.dataset.state = state;
      part("name").textContent = name;
      part("says").textContent = says;
      NAMES.forEach((one) => (part(one).hidden = !BUTTONS[state].includes(one) || (one === "retry" && !face.acts.retry)));
      bar.hidden = isBad || state === "asking";
      ["alert", "alert-danger"].forEach((name) => row.classList.toggle(name, isBad));
      row.classList.toggle("is-asking", state === "asking");
      if (isBad) row.setAttribute("role", "alert");
      else row.removeAttribute("role");
      face.progress(portion);
      if (bar.hidden) part("percent").textContent = "";
    },
    fail(message) {
      face.show("failed", "", 0, message);
    },
    hide() {
      row.remove();
    },
  };
  return face;
}
