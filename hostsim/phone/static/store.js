// The browser's database: the archive's tables (ARCHIVE.md), bins beside them, and the phone's own settings.
import { fromHex, told, toHex } from "./bytes.js";

const VERSION = 1;
const LAST = "\uffff";

function why(error) {
  return error.name === "QuotaExceededError" ? "phone_full" : "database";
}

function asked(request) {
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

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("rex", VERSION);
    request.onupgradeneeded = () => make(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

async function within(names, mode, work) {
  const transaction = (await open()).transaction(names, mode, { durability: "strict" });
  const end = finished(transaction);
  const value = await work(...names.map((name) => transaction.objectStore(name)));
  await end;
  return value;
}

const whole = (journal) => IDBKeyRange.bound([journal], [journal, []]);
const ofType = (journal, type) => IDBKeyRange.bound([journal, type], [journal, type, []]);

async function openJournal(identity, number) {
  return within(["collars", "journals", "marks"], "readwrite", async (collars, journals, marks) => {
    const had = await asked(collars.index("serial").get(identity.serial));
    const collar = await asked(collars.put({ ...had, ...identity }));
    const journal =
      (await asked(journals.index("number").getKey([collar, number]))) ??
      (await asked(journals.add({ collar, number })));
    const ranges = await asked(marks.getAll(whole(journal)));
    return { journal, marks: ranges.map((one) => [one.first, one.end]) };
  });
}

// One slice of a sync in one transaction: what it needs is read, Python settles it, and what Python says is written.
async function write(journal, needs, settle) {
  const { low, high, bins: keys } = JSON.parse(needs);
  const names = ["records", "oddities", "bins", "marks"];
  return within(names, "readwrite", async (records, oddities, bins, marks) => {
    const range = IDBKeyRange.bound([journal, low], [journal, high]);
    const [rows, sums, ranges] = await Promise.all([
      high ? asked(records.getAll(range)) : [],
      Promise.all(keys.map((key) => asked(bins.get([journal, key])))),
      asked(marks.getAll(whole(journal))),
    ]);
    const had = {
      frames: Object.fromEntries(rows.map((one) => [one.seq, toHex(one.frame)])),
      bins: Object.fromEntries(sums.filter(Boolean).map((one) => [one.key, one.sums])),
      marks: ranges.map((one) => [one.first, one.end]),
    };
    const [head, frames, ...lines] = settle(JSON.stringify(had)).split("\n");
    const settled = JSON.parse(head);
    const bytes = fromHex(frames);
    let at = 0;
    for (const line of lines) {
      const [seq, kind, type, boot, uptime, size, fields] = line.split("\t", 7);
      const frame = bytes.slice(at, (at += Number(size)));
      records.add({
        journal, seq: Number(seq), kind: Number(kind), type, boot: Number(boot), uptime_ms: Number(uptime), fields, frame,
      });
    }
    for (const [seq, what, frame] of settled.oddities) {
      const value = { journal, seq: seq ?? -1, what, frame: fromHex(frame) };
      const same = await asked(oddities.index("what").count([journal, value.seq, what, value.frame]));
      if (!same) oddities.add(value);
    }
    for (const [key, one] of Object.entries(settled.bins)) bins.put({ journal, key, sums: one });
    marks.delete(whole(journal));
    for (const [first, end] of settled.marks) marks.put({ journal, first, end });
    return settled.new;
  });
}

export const store = {
  get: (name) => told(() => within(["settings"], "readonly", (table) => asked(table.get(name))), why),

  put: (name, value) =>
    told(() => within(["settings"], "readwrite", (table) => void table.put(JSON.parse(value), name)), why),

  open: (identity, number) => told(() => openJournal(JSON.parse(identity), number), why),

  write: (journal, needs, settle) => told(() => write(journal, needs, settle), why),

  begin: (journal, started) =>
    told(() => within(["syncs"], "readwrite", (syncs) =>
      asked(syncs.add({ journal, started, ended: null, outcome: null, records: 0, bytes: 0 }))), why),

  end: (id, changes) =>
    told(() => within(["syncs"], "readwrite", async (syncs) =>
      void syncs.put({ ...(await asked(syncs.get(id))), ...JSON.parse(changes) })), why),

  // The records of one type, as [seq, boot, uptime_ms as text, fields as JSON].
  ofType: (journal, type) =>
    told(() => within(["records"], "readonly", async (records) =>
      (await asked(records.index("type").getAll(ofType(journal, type)))).map((one) =>
        [one.seq, one.boot, String(one.uptime_ms), one.fields])), why),

  // One record, or null.
  record: (journal, seq) =>
    told(() => within(["records"], "readonly", async (records) => {
      const one = await asked(records.get([journal, seq]));
      return one ? [one.seq, one.boot, String(one.uptime_ms), one.fields, one.type] : null;
    }), why),

  // A page of records from a number on, as [seq, type, boot, uptime_ms as text, fields as JSON].
  page: (journal, from, count) =>
    told(() => within(["records"], "readonly", async (records) =>
      (await asked(records.getAll(IDBKeyRange.bound([journal, from], [journal, []]), count))).map((one) =>
        [one.seq, one.type, one.boot, String(one.uptime_ms), one.fields])), why),

  bins: (journal, from = "", to = LAST) =>
    told(() => within(["bins"], "readonly", async (bins) =>
      (await asked(bins.getAll(IDBKeyRange.bound([journal, from], [journal, to])))).map((one) =>
        [one.key, one.sums])), why),

  // Boot and uptime of the newest record, or null.
  newest: (journal) =>
    told(() => within(["records"], "readonly", async (records) => {
      const cursor = await asked(records.openCursor(whole(journal), "prev"));
      return cursor ? [cursor.value.boot, String(cursor.value.uptime_ms)] : null;
    }), why),

  count: (journal) =>
    told(() => within(["records"], "readonly", (records) => asked(records.count(whole(journal)))), why),

  lastSync: (journal) =>
    told(() => within(["syncs"], "readonly", async (syncs) =>
      (await asked(syncs.getAll())).filter((one) => one.journal === journal && one.outcome === "complete").pop() ?? null), why),

  forget: () =>
    told(async () => {
      const database = await open();
      const names = [...database.objectStoreNames];
      await within(names, "readwrite", (...tables) => tables.forEach((table) => table.clear()));
    }, why),

  // For keys.js: CryptoKeys can be stored as they are, though nobody can read them.
  key: (name) => within(["keys"], "readonly", (keys) => asked(keys.get(name))),
  putKey: (name, value) => within(["keys"], "readwrite", (keys) => void keys.put(value, name)),
  dropKey: (name) => within(["keys"], "readwrite", (keys) => void keys.delete(name)),
};
