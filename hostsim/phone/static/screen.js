// Puts what Python wrote on the screen, and says what was touched.
import { drawChart, markAt } from "./charts.js";

const byId = (id) => document.getElementById(id);
let act = () => {};

// A part of the screen that is drawn anew keeps the focus and what is being typed.
function keepingFocus(change) {
  const held = document.activeElement?.id;
  change();
  if (held && document.activeElement?.id !== held) byId(held)?.focus({ preventScroll: true });
}

function value(element) {
  if (element.type === "checkbox") return element.checked ? "yes" : "";
  return element.dataset.value ?? element.value ?? "";
}

export const screen = {
  listen(listener) {
    act = listener;
  },

  put(id, html) {
    const place = byId(id);
    if (!place || place.dataset.shown === html) return;
    const editing = place.contains(document.activeElement) && /INPUT|TEXTAREA|SELECT/.test(document.activeElement.tagName);
    if (editing && id === "view" && place.dataset.view === document.documentElement.dataset.view) return;
    keepingFocus(() => {
      place.innerHTML = html;
    });
    place.dataset.shown = html;
    place.dataset.view = document.documentElement.dataset.view;
  },

  mark(name, word) {
    document.documentElement.dataset[name] = word;
  },

  // A field that could not be changed shows again what holds.
  release() {
    document.activeElement?.blur();
  },

  value: (id) => byId(id)?.value ?? "",

  top() {
    byId("view").scrollTo(0, 0);
    byId("title")?.focus({ preventScroll: true });
  },

  // Brings a part of the view that was just opened before the eyes, and gives it the focus.
  show(id) {
    const place = byId(id);
    place?.scrollIntoView({ block: "start" });
    place?.focus({ preventScroll: true });
  },

  chart(id, text) {
    const place = byId(id);
    if (place && place.dataset.drawn !== text) {
      drawChart(place, JSON.parse(text));
      place.dataset.drawn = text;
    }
  },

  // Read out by screen readers; urgent things at once.
  say(text, urgent) {
    const place = byId(urgent ? "alarm" : "news");
    place.textContent = place.textContent === text ? `${text}\u00a0` : text;
  },
};

addEventListener("click", (event) => {
  const chart = event.target.closest(".chart");
  const mark = chart && markAt(chart, event.clientX);
  if (mark) act("evidence", mark);
  const target = event.target.closest("[data-do]");
  if (target && !/INPUT|SELECT/.test(target.tagName)) act(target.dataset.do, value(target));
});
addEventListener("change", (event) => {
  const target = event.target.closest("[data-do]");
  if (target && /INPUT|SELECT/.test(target.tagName)) act(target.dataset.do, value(target));
});
addEventListener("keydown", (event) => {
  const target = event.target.closest("[role=button][data-do]");
  if (target && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    act(target.dataset.do, value(target));
  }
});
addEventListener("submit", (event) => {
  event.preventDefault();
  act(event.target.dataset.submit, "");
});
