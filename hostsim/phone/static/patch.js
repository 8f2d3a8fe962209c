// Changes what stands on the screen into what it should be, instead of replacing it. So a button that is being pressed is
// still there when the finger leaves it, and a field keeps its focus, what is being typed, and the file that was chosen for it.
const FIELDS = "input, select, textarea";
// What a field shows until somebody changes it.
const DEFAULTS = ["value", "checked", "selected"];

export function reset(field) {
  if (field.type === "file") return;
  if (field.type === "checkbox") field.checked = field.defaultChecked;
  else if (field.options) for (const one of field.options) one.selected = one.defaultSelected;
  else field.value = field.defaultValue;
}

const same = (one, other) => one.nodeName === other.nodeName && (one.id ?? "") === (other.id ?? "");

function attributes(from, to, held, changed) {
  const names = new Set([...from.getAttributeNames(), ...to.getAttributeNames()]);
  for (const name of names) {
    const value = to.getAttribute(name);
    if (from.getAttribute(name) === value || name === "data-drawn") continue;
    const field = DEFAULTS.includes(name) && from.closest(FIELDS);
    if (field) changed.add(field);
    if (field && field === held) continue;
    if (value === null) from.removeAttribute(name);
    else from.setAttribute(name, value);
  }
}

function children(from, to, held, changed) {
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const known = wanted.id && [...from.children].find((one) => same(one, wanted));
    while (known && at !== known) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
    if (at && same(at, wanted)) {
      node(at, wanted, held, changed);
      at = at.nextSibling;
    } else from.insertBefore(wanted, at);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function node(from, to, held, changed) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.data !== to.data) from.data = to.data;
    return;
  }
  attributes(from, to, held, changed);
  // What is in a chart is drawn by another.
  if (!from.classList.contains("chart")) children(from, to, held, changed);
}

// Whether everything is as it should be: not what the field under the handler's hand holds, which is his for now.
export function patch(place, html) {
  const wanted = place.cloneNode(false);
  wanted.innerHTML = html;
  const held = document.activeElement?.matches(FIELDS) ? document.activeElement : null;
  const changed = new Set();
  children(place, wanted, held, changed);
  const left = changed.delete(held);
  changed.forEach(reset);
  return !left;
}
