// The page's own way into the database. What a sync brings is written by a worker (writer.js).
import { told } from "./bytes.js";
import { asked, known, open, whole, why, within } from "./database.js";

const LAST = "\uffff";
const ofType = (journal, type) => IDBKeyRange.bound([journal, type], [journal, type, []]);

const waiting = [];
let writer = begin();

function begin() {
  const one = new Worker(new URL("writer.js", import.meta.url), { type: "module" });
  // It answers one after the other.
  one.onmessage = ({ data }) => waiting.shift()(data);
  one.onerror = (event) => {
    event.preventDefault();
    writer = null;
    for (const answer of waiting.splice(0)) answer(JSON.stringify({ error: "database", detail: event.message ?? "" }));
  };
  return one;
}

function write(slice) {
  writer ??= begin();
  return new Promise((answer) => {
    waiting.push(answer);
    writer.postMessage(slice);
  });
}

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

export const store = {
  get: (name) => told(() => within(["settings"], "readonly", (table) => asked(table.get(name))), why),

  put: (name, value) =>
    told(() => within(["settings"], "readwrite", (table) => void table.put(JSON.parse(value), name)), why),

  open: (identity, number) => told(() => openJournal(JSON.parse(identity), number), why),

  read: (journal, needs) =>
    told(() => within(["records", "bins", "marks"], "readonly", (...tables) => known(journal, needs, ...tables)), why),

  // How many records were new, or what `read` would say by now, if that is not `had` any more.
  write: (...slice) => write(slice),

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
