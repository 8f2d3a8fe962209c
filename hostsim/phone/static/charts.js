// Draws numbers over time with uPlot; null is a gap and stays one. Marks can be tapped.
import uPlot from "./lib/uPlot.esm.js";

const SIGN_PX = 13;
const REACH = 26; // Half of what a thumb needs, in CSS pixels.
const drawn = new Map(); // Place to what it shows.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Where the collar saw less than it could, the ground is shaded and hatched; neighbours alike are one field.
function shade(chart, coverage) {
  const { ctx, bbox } = chart;
  const times = chart.data[0];
  const step = times.length > 1 ? times[1] - times[0] : 0;
  ctx.save();
  ctx.fillStyle = ctx.strokeStyle = colour("dim");
  ctx.lineWidth = devicePixelRatio;
  for (let from = 0, to; from < coverage.length; from = to) {
    for (to = from + 1; to < coverage.length && coverage[to] === coverage[from]; ) to++;
    const share = Math.max(0, coverage[from]);
    if (share >= 1) continue;
    const left = Math.round(chart.valToPos(times[from], "x", true));
    const right = Math.round(chart.valToPos(times[to - 1] + step, "x", true));
    ctx.globalAlpha = 0.28 * (1 - share);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    if (share > 0) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, bbox.top, right - left, bbox.height);
    ctx.clip();
    ctx.globalAlpha = 0.35;
    ctx.beginPath();
    const pitch = 9 * devicePixelRatio;
    for (let at = Math.floor(left / pitch) * pitch - bbox.height; at < right; at += pitch) {
      ctx.moveTo(at, bbox.top + bbox.height);
      ctx.lineTo(at + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  }
  ctx.restore();
}

// Blows and alerts, where they fell: a line, and the sign of what it is above it.
function strike(chart, marks) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.font = `${13 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "bottom";
  let free = -Infinity;
  let before = "";
  for (const { at, sign, level } of marks) {
    const x = chart.valToPos(at, "x", true);
    ctx.fillStyle = ctx.strokeStyle = colour(level);
    ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    // Signs stand beside each other, not on each other; one that is said again at once is left out.
    if (x < free && sign === before) continue;
    const place = Math.max(x, free);
    ctx.fillText(sign, place, bbox.top - devicePixelRatio);
    free = place + SIGN_PX * devicePixelRatio;
    before = sign;
  }
  ctx.restore();
}

function axis(side) {
  return {
    stroke: colour("dim"),
    font: "13px system-ui, sans-serif",
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
    ...side,
  };
}

// Hours and minutes, or day and month; uPlot's own are American.
function moments(months) {
  return (_, splits, __, ___, step) =>
    splits.map((seconds) => {
      const at = new Date(seconds * 1e3);
      if (step >= 86400) return `${at.getUTCDate()} ${months[at.getUTCMonth()]}`;
      return `${at.getUTCHours()}:${String(at.getUTCMinutes()).padStart(2, "0")}`;
    });
}

function series(one) {
  const style = {
    label: one.label, stroke: colour(one.colour), width: one.width ?? 2, dash: one.dash,
    spanGaps: false, points: { show: one.points ?? false, size: 5, fill: colour(one.colour) },
  };
  if (one.bars) return { ...style, width: 0, fill: colour(one.colour), paths: uPlot.paths.bars({ size: [1, 60], align: 1 }) };
  if (one.steps) style.paths = uPlot.paths.stepped({ align: 1 });
  if (one.faint) return { ...style, width: 0, points: { show: false } };
  return style;
}

function draw(place, told) {
  place.plot?.destroy();
  const marks = told.marks ?? [];
  const options = {
    width: place.clientWidth,
    height: place.clientHeight,
    padding: [marks.length ? 18 : 8, 26, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    select: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC"),
    scales: { x: { time: told.time ?? true, range: () => told.range }, y: { range: told.y ?? ((_, low, high) => [Math.floor(low ?? 1) - 1, Math.ceil(high ?? 0) + 1]) } },
    axes: [
      axis({ size: 30, gap: 6, space: 58, ...(told.months && { values: moments(told.months) }) }),
      axis({ size: 40, gap: 4, space: 26, values: (_, values) => values.map((value) => `${value}`) }),
    ],
    series: [{}, ...told.series.map(series)],
    bands: told.band ? [{ series: told.band, fill: colour("band") }] : [],
    hooks: {
      drawClear: told.coverage ? [(chart) => shade(chart, told.coverage)] : [],
      draw: [(chart) => strike(chart, marks)],
    },
  };
  place.plot = new uPlot(options, told.data, place);
}

function forget() {
  for (const [place, shown] of drawn)
    if (!place.isConnected) {
      place.plot?.destroy();
      watching.unobserve(place);
      drawn.delete(place);
    }
}

// Another width or other colours: what is drawn is drawn again.
const watching = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const shown = drawn.get(target);
    if (shown && target.clientWidth && target.plot?.width !== target.clientWidth) draw(target, shown);
  }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach((told, place) => draw(place, told)));

export function drawChart(place, told) {
  forget();
  if (!drawn.has(place)) watching.observe(place);
  drawn.set(place, told);
  draw(place, told);
}

// The mark nearest to where a chart was touched, or nothing.
export function markAt(place, clientX) {
  const told = drawn.get(place);
  if (!told?.marks?.length) return null;
  const left = place.plot.over.getBoundingClientRect().left;
  const far = (mark) => Math.abs(left + place.plot.valToPos(mark.at, "x") - clientX);
  const nearest = told.marks.reduce((one, other) => (far(other) < far(one) ? other : one));
  return far(nearest) <= REACH ? nearest.id : null;
}
