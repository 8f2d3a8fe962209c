// Puts what Python wrote on the screen, and says what was touched.
import { drawChart, markAt } from "./charts.js";
import { patch, reset } from "./patch.js";

const byId = (id) => document.getElementById(id);
let act = () => {};
const TOGETHER_MS = 500;
let saidAt = -TOGETHER_MS;

// What each part of the screen shows.
const shown = new Map();

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
    if (!place || shown.get(id) === html) return;
    const held = document.activeElement?.id;
    const whole = patch(place, html);
    if (held && document.activeElement?.id !== held) byId(held)?.focus({ preventScroll: true });
    shown.set(id, whole ? html : null);
  },

  mark(name, word) {
    document.documentElement.dataset[name] = word;
  },

  // A field that could not be changed, the one that has the focus unless told, shows again what holds.
  release(id) {
    const field = byId(id) ?? document.activeElement;
    if (!field?.matches("input, select, textarea")) return;
    field.blur();
    reset(field);
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

  // Read out by screen readers; urgent things at once. What is said in quick succession is said together: the later words
  // would take the place of the earlier ones before anybody has heard those.
  say(text, urgent) {
    const place = byId(urgent ? "alarm" : "news");
    const soon = !urgent && performance.now() - saidAt < TOGETHER_MS;
    const words = soon && place.textContent ? `${place.textContent} ${text}` : text;
    if (!urgent) saidAt = performance.now();
    place.textContent = place.textContent === words ? `${words}\u00a0` : words;
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
