// The browser's database: the archive's tables (ARCHIVE.md), bins beside them, and the phone's own settings.
import { toHex } from "./bytes.js";

const VERSION = 1;

export function why(error) {
  return error.name === "QuotaExceededError" ? "phone_full" : "database";
}

export function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
  });
}

function make(database) {
  const numbered = { keyPath: "id", autoIncrement: true };
  database.createObjectStore("collars", numbered).createIndex("serial", "serial", { unique: true });
  database.createObjectStore("journals", numbered).createIndex("number", ["collar", "number"], { unique: true });
  const records = database.createObjectStore("records", { keyPath: ["journal", "seq"] });
  records.createIndex("type", ["journal", "type", "boot", "uptime_ms"]);
  database.createObjectStore("marks", { keyPath: ["journal", "first"] });
  database.createObjectStore("syncs", numbered);
  const oddities = database.createObjectStore("oddities", numbered);
  oddities.createIndex("what", ["journal", "seq", "what", "frame"], { unique: true });
  database.createObjectStore("bins", { keyPath: ["journal", "key"] });
  database.createObjectStore("settings");
  database.createObjectStore("keys");
}

let opening = null;

export function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("rex", VERSION);
    request.onupgradeneeded = () => make(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

function abort(transaction) {
  try {
    transaction.abort();
  } catch {
    // It has ended by itself.
  }
}

export async function within(names, mode, work) {
  const transaction = (await open()).transaction(names, mode, { durability: "strict" });
  const end = finished(transaction);
  try {
    const value = await work(...names.map((name) => transaction.objectStore(name)));
    await end;
    return value;
  } catch (error) {
    // Half of a work is none: what it asked for before it failed would be kept otherwise.
    end.catch(() => null);
    abort(transaction);
    throw error;
  }
}

export const whole = (journal) => IDBKeyRange.bound([journal], [journal, []]);

// What Python has to know before it settles a slice (Slice.needs), as text.
export async function known(journal, needs, records, bins, marks) {
  const { low, high, bins: keys } = JSON.parse(needs);
  const [rows, sums, ranges] = await Promise.all([
    high ? asked(records.getAll(IDBKeyRange.bound([journal, low], [journal, high]))) : [],
    Promise.all(keys.map((key) => asked(bins.get([journal, key])))),
    asked(marks.getAll(whole(journal))),
  ]);
  return JSON.stringify({
    frames: Object.fromEntries(rows.map((one) => [one.seq, toHex(one.frame)])),
    bins: Object.fromEntries(sums.filter(Boolean).map((one) => [one.key, one.sums])),
    marks: ranges.map((one) => [one.first, one.end]),
  });
}
