// The slots of a page that take files: elements with data-place, told to the server when it sorts.
export function placesOf() {
  return [...document.querySelectorAll("[data-place]")].map(placeOf);
}

export function placeOf(element) {
  const { begin, sort, code, label, about, title, many, replaces, post, fields } = element.dataset;
  return { element, begin, sort, code, label, about, title, isMany: Boolean(many), replaces: Boolean(replaces), post, fields: fields ? JSON.parse(fields) : null };
}

// The place for an answer of the sorter; a further file of a kind that takes many has no element of its own yet.
export function placeFor(places, code, label) {
  const exact = places.find((place) => place.code === code && place.label === label);
  if (exact) return exact;
  const first = places.find((place) => place.code === code && place.isMany);
  return first && { ...first, label, isFurther: true };
}

export const keyOf = (place) => `${place.code}/${place.isMany ? "" : place.label}`;

export const told = ({ code, label, about, replaces }) => ({ code, label, about, replaces });
