// The rest of the phone: clock, camera, share sheet, vibration, notifications.
import { told, toHex } from "./bytes.js";

const why = (error) => error.trouble ?? (error.name === "NotAllowedError" ? "camera_refused" : error.name === "AbortError" ? "cancelled" : "phone");

let parts = [];
let taken = new Uint8Array();
// No collar has more flash: what is larger is not even read.
const FILE_MOST_BYTES = 16 * 1024 * 1024;

export const device = {
  now: () => String(Date.now()),

  // Minutes that the phone's zone is ahead of UTC at a moment.
  zone: (ms) => -new Date(Number(ms)).getTimezoneOffset(),

  scan: (id) => told(async () => (await import("./camera.js")).scan(document.getElementById(id)), why),

  stopScan: () => told(async () => (await import("./camera.js")).stop(), why),

  qr: (text) => told(async () => (await import("./qr.js")).draw(text), why),

  // The file that an input holds, as [name, bytes]; `bytes` gives its parts.
  take: (id) =>
    told(async () => {
      const file = document.getElementById(id)?.files?.[0];
      if (!file) throw Object.assign(new Error(""), { trouble: "cancelled" });
      if (file.size > FILE_MOST_BYTES) throw Object.assign(new Error(""), { trouble: "no_update" });
      taken = new Uint8Array(await file.arrayBuffer());
      return [file.name, taken.length];
    }, why),

  bytes: (first, end) => toHex(taken.subarray(first, end)),

  // A file is written in parts, so that it need not fit into Python.
  blank() {
    parts = [];
  },

  part(text) {
    parts.push(text);
  },

  // By the share sheet where the phone has one for files, else as a download.
  give: (name, type) =>
    told(async () => {
      const file = new File(parts, name, { type });
      parts = [];
      if (matchMedia("(pointer: coarse)").matches && navigator.canShare?.({ files: [file] })) {
        await navigator.share({ files: [file], title: name });
        return "shared";
      }
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      return "downloaded";
    }, why),

  persist: () => told(async () => navigator.storage?.persist?.(), why),

  permit: () => told(async () => (await globalThis.Notification?.requestPermission?.()) ?? "denied", why),

  buzz() {
    navigator.vibrate?.(150);
  },

  alarm(title, text, quiet) {
    if (quiet) return;
    navigator.vibrate?.([400, 200, 400, 200, 800]);
    if (globalThis.Notification?.permission === "granted" && document.hidden)
      navigator.serviceWorker?.ready.then((worker) => worker.showNotification(title, { body: text, tag: "alert" }));
  },
};
