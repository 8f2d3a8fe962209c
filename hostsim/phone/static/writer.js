// A worker that writes the slices of a sync: the page's thread takes the next one apart in the meantime.
import { fromHex, told } from "./bytes.js";
import { asked, known, whole, why, within } from "./database.js";

// The rows that Python settled (Slice.settle): what is the same in every record of a shape is put in here.
function* rowsOf(journal, { shapes, heads }, bytes, lines) {
  let at = 0;
  for (let row = 0; row < lines.length; row++) {
    const [which, seq, boot, uptime_ms] = heads.slice(4 * row, 4 * row + 4);
    const [kind, type, size, pieces] = shapes[which];
    const texts = lines[row].split("\t");
    let fields = pieces[0];
    for (let field = 0; field < texts.length; field++) fields += texts[field] + pieces[field + 1];
    yield { journal, seq, kind, type, boot, uptime_ms, fields, frame: bytes.slice(at, (at += size)) };
  }
}

// One slice in one transaction. What Python settled holds only while the database is as it was read (`had`): if another page
// has written since, that is what comes back, and nothing is written.
function write(journal, needs, had, text) {
  return within(["records", "oddities", "bins", "marks"], "readwrite", async (records, oddities, bins, marks) => {
    const now = await known(journal, needs, records, bins, marks);
    if (now !== had) return now;
    const [head, frames, ...lines] = text.split("\n");
    const settled = JSON.parse(head);
    for (const row of rowsOf(journal, settled, fromHex(frames), lines)) records.add(row);
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

onmessage = async ({ data }) => postMessage(await told(() => write(...data), why));
