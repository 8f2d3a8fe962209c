// Bytes cross into Python as hexadecimal text.
const VALUES = new Uint8Array(128);
[..."0123456789abcdef"].forEach((digit, value) => (VALUES[digit.charCodeAt(0)] = value));
const DIGITS = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"));

export function toHex(buffer) {
  const bytes = buffer instanceof Uint8Array ? buffer : new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength);
  let text = "";
  for (const byte of bytes) text += DIGITS[byte];
  return text;
}

export function fromHex(text) {
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (VALUES[text.charCodeAt(2 * at)] << 4) | VALUES[text.charCodeAt(2 * at + 1)];
  return bytes;
}

// Every call from Python gets {"ok": value} or {"error": why, "detail": text}; nothing is ever thrown into Python.
export async function told(work, why) {
  try {
    return JSON.stringify({ ok: (await work()) ?? null });
  } catch (error) {
    return JSON.stringify({ error: why(error), detail: String(error.message ?? error) });
  }
}
