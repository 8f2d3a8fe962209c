// The collar's key lives in WebCrypto as a key that signs and that nobody, this page included, can read again.
import { fromHex, told, toHex } from "./bytes.js";
import { store } from "./store.js";

const HMAC = { name: "HMAC", hash: "SHA-256" };
const OWN = "collar";
const why = () => "crypto";

async function own() {
  const key = await store.key(OWN);
  if (!key) throw new Error("no key");
  return key;
}

export const keys = {
  keep: (hex) =>
    told(async () => store.putKey(OWN, await crypto.subtle.importKey("raw", fromHex(hex), HMAC, false, ["sign"])), why),

  has: () => told(async () => Boolean(await store.key(OWN)), why),

  drop: () => told(() => store.dropKey(OWN), why),

  sign: (hex) => told(async () => toHex(await crypto.subtle.sign("HMAC", await own(), fromHex(hex))), why),

  random: (count) => told(async () => toHex(crypto.getRandomValues(new Uint8Array(count))), why),
};
