// Web Bluetooth: the one place that knows it.
import { fromHex, told, toHex } from "./bytes.js";

const SERVICES = ["7e5a0001-9f2b-4c1d-8a36-524558434f4c", "device_information", "battery_service", "heart_rate"];

let device = null;
let characteristics = new Map();
let listener = null;
let queue = Promise.resolve();
let attempt = 0;
// A phone's radio may leave an operation without an answer for ever. Bluetooth itself gives one 30 s.
const PATIENCE_MS = 30_000;
const LOST_SOON_MS = 300;

function why(error) {
  if (error.trouble) return error.trouble;
  if (error.name === "NotFoundError") return /cancel/i.test(error.message) ? "cancelled" : "none_chosen";
  if (error.name === "SecurityError" || error.name === "NotAllowedError") return "refused_by_browser";
  if (error.name === "NotSupportedError") return "att";
  return "lost";
}

function trouble(word) {
  return Object.assign(new Error(""), { trouble: word });
}

function disconnected() {
  characteristics = new Map();
  listener.lost();
}

function adopt(chosen) {
  if (device !== chosen) {
    device?.removeEventListener("gattserverdisconnected", disconnected);
    device = chosen;
    device.addEventListener("gattserverdisconnected", disconnected);
  }
  return { id: device.id, name: device.name ?? "" };
}

const waiting = new Set();

function within(work) {
  let end = null;
  const ended = new Promise((_, reject) => (end = (word) => reject(trouble(word))));
  const timer = setTimeout(end, PATIENCE_MS, "silent");
  waiting.add(end);
  return Promise.race([work, ended]).finally(() => {
    clearTimeout(timer);
    waiting.delete(end);
  });
}

async function open() {
  const mine = (attempt += 1);
  const server = await device.gatt.connect();
  const found = new Map();
  for (const service of await server.getPrimaryServices())
    for (const one of await service.getCharacteristics()) found.set(one.uuid, one);
  if (mine !== attempt) throw trouble("lost");
  if (!found.has(SERVICES[0].replace("7e5a0001", "7e5a0002"))) throw trouble(server.connected ? "not_a_collar" : "lost");
  characteristics = found;
  queue = Promise.resolve();
}

// A link that is lost under an operation may be told as an error of the operation first.
async function honest(work) {
  try {
    return await work;
  } catch (error) {
    if (why(error) === "att") await new Promise((resolve) => setTimeout(resolve, LOST_SOON_MS));
    throw device?.gatt.connected ? error : trouble("lost");
  }
}

// GATT takes one operation at a time.
function inTurn(operation) {
  const limited = () => honest(within(operation()));
  const next = queue.then(limited, limited);
  queue = next.catch(() => null);
  return next;
}

function characteristic(uuid) {
  const found = characteristics.get(uuid);
  if (!found) throw trouble(device?.gatt.connected ? "not_a_collar" : "lost");
  return found;
}

export const radio = {
  // `heard` has received(uuid, hexadecimal) and lost().
  listen(heard) {
    listener = heard;
  },

  state: () =>
    told(async () => {
      if (!window.isSecureContext) return "insecure";
      if (!navigator.bluetooth) return "unsupported";
      return (await navigator.bluetooth.getAvailability()) ? "on" : "off";
    }, why),

  choose: () =>
    told(async () => {
      if (!navigator.bluetooth) throw trouble("unsupported");
      if (!(await navigator.bluetooth.getAvailability())) throw trouble("off");
      return adopt(
        await navigator.bluetooth.requestDevice({
          filters: [{ services: [SERVICES[0]] }],
          optionalServices: SERVICES.slice(1),
        }),
      );
    }, why),

  // A collar that this page was allowed to use before, where the browser remembers that.
  again: (id) =>
    told(async () => {
      if (device?.id === id) return true;
      const known = (await navigator.bluetooth?.getDevices?.()) ?? [];
      const found = known.find((one) => one.id === id);
      if (found) adopt(found);
      return Boolean(found);
    }, why),

  connect: () => told(() => within(open()), why),

  name: () => told(async () => device?.name ?? "", why),

  disconnect: () =>
    told(async () => {
      attempt += 1;
      device?.gatt.disconnect();
      for (const end of waiting) end("lost");
    }, why),

  read: (uuid) => told(() => inTurn(async () => toHex(await characteristic(uuid).readValue())), why),

  write: (uuid, hex) =>
    told(() => inTurn(async () => characteristic(uuid).writeValueWithResponse(fromHex(hex))), why),

  subscribe: (uuid) =>
    told(
      () =>
        inTurn(async () => {
          const one = characteristic(uuid);
          await one.startNotifications();
          if (one.heard) return;
          one.heard = true;
          one.addEventListener("characteristicvaluechanged", (event) => {
            if (event.target.value) listener.received(uuid, toHex(event.target.value));
          });
        }),
      why,
    ),
};
