// Starts MicroPython with the page's Python and hands it the browser's interfaces.
import { loadMicroPython } from "./lib/micropython.mjs";
import { device } from "./device.js";
import { keys } from "./keys.js";
import { radio } from "./radio.js";
import { screen } from "./screen.js";
import { store } from "./store.js";

const HEAP_BYTES = 12 * 1024 * 1024;
// Rubbish is collected after so much was asked for. By itself this build does it every 16 KB, and that is half of its time.
const COLLECT_BYTES = 4 * 1024 * 1024;
const ROOT = "/rex";

async function modules(python) {
  const files = await (await fetch("python.json")).json();
  const made = new Set();
  python.FS.mkdir(ROOT);
  for (const [path, text] of Object.entries(files)) {
    const parts = path.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = `${ROOT}/${parts.slice(0, depth).join("/")}`;
      if (!made.has(folder)) python.FS.mkdir(folder);
      made.add(folder);
    }
    python.FS.writeFile(`${ROOT}/${path}`, text);
  }
}

async function start() {
  const python = await loadMicroPython({
    heapsize: HEAP_BYTES,
    linebuffer: true,
    stdout: (line) => console.log(line),
    stderr: (line) => console.error(line),
  });
  await modules(python);
  python.runPython(`import gc, sys\ngc.threshold(${COLLECT_BYTES})\nsys.path.insert(0, "${ROOT}")\nfrom hostsim.phone.page.app import App`);
  const app = python.globals.get("App")({ radio, store, keys, screen, device });
  radio.listen({
    received: (uuid, hex) => app.received(uuid, hex),
    lost: () => app.lost(),
  });
  screen.listen((name, argument) => app.act(name, argument));
  document.addEventListener("visibilitychange", () => app.act("visible", document.hidden ? "" : "yes"));
  app.start();
  setInterval(() => app.tick(), 1000);
}

start().catch((error) => {
  console.error(error);
  document.documentElement.dataset.state = "failed";
});

navigator.serviceWorker?.register("sw.js").catch((error) => console.warn(error));
