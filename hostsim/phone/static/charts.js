// Draws one series of numbers over time with uPlot; null is a gap and stays one.
import uPlot from "./lib/uPlot.esm.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Where the collar saw less than it could, the ground is shaded.
function shade(chart, coverage) {
  const { ctx, bbox } = chart;
  const times = chart.data[0];
  const step = times.length > 1 ? times[1] - times[0] : 0;
  ctx.save();
  ctx.fillStyle = colour("line");
  coverage.forEach((share, index) => {
    if (share >= 1) return;
    const left = chart.valToPos(times[index], "x", true);
    const right = chart.valToPos(times[index] + step, "x", true);
    ctx.globalAlpha = 0.55 * (1 - Math.max(0, share));
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
  });
  ctx.restore();
}

// Blows and alerts, where they fell.
function strike(chart, marks) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = colour("red");
  ctx.setLineDash([6, 5]);
  ctx.lineWidth = 2;
  for (const mark of marks) {
    const at = chart.valToPos(mark, "x", true);
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function axis(side) {
  return { stroke: colour("dim"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, ...side };
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
  const style = { label: one.label, stroke: colour(one.colour), width: 2, spanGaps: false, points: { show: one.points ?? false, size: 5 } };
  if (one.bars) return { ...style, width: 0, fill: colour(one.colour), paths: uPlot.paths.bars({ size: [1, 60], align: 1 }) };
  if (one.faint) return { ...style, width: 0, points: { show: false } };
  return style;
}

export function drawChart(place, told) {
  place.plot?.destroy();
  const options = {
    width: place.clientWidth,
    height: told.height ?? 130,
    legend: { show: false },
    cursor: { show: false },
    select: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC"),
    scales: { x: { time: told.time ?? true, range: () => told.range }, y: { range: told.y ?? ((_, low, high) => [low ?? 0, high ?? 1]) } },
    axes: [
      axis({ space: 55, ...(told.months && { values: moments(told.months) }) }),
      axis({ size: 44, space: 28, values: (_, marks) => marks.map((mark) => `${mark}`) }),
    ],
    series: [{}, ...told.series.map(series)],
    bands: told.band ? [{ series: told.band, fill: colour("band") }] : [],
    hooks: {
      drawClear: told.coverage ? [(chart) => shade(chart, told.coverage)] : [],
      draw: told.marks ? [(chart) => strike(chart, told.marks)] : [],
    },
  };
  place.plot = new uPlot(options, told.data, place);
}
