// Stands in for the browser's Bluetooth where there is none: the collar on the bench, by HTTP. Only with --bench.
(() => {
  const fromHex = (text) => new DataView(Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16)).buffer);
  const toHex = (data) => Array.from(new Uint8Array(data.buffer ?? data), (byte) => byte.toString(16).padStart(2, "0")).join("");

  async function ask(name, asked = {}) {
    const answer = await (await fetch(`bench/${name}`, { method: "POST", body: JSON.stringify(asked) })).json();
    if ("error" in answer) throw new DOMException(answer.error, answer.code ? "NotSupportedError" : "NetworkError");
    return answer.ok;
  }

  const listening = new Map();

  class Characteristic extends EventTarget {
    constructor(uuid) {
      super();
      this.uuid = uuid;
    }
    readValue = async () => fromHex(await ask("read", { uuid: this.uuid }));
    writeValueWithResponse = (data) => ask("write", { uuid: this.uuid, value: toHex(data) });
    async startNotifications() {
      listening.set(this.uuid, this);
      await ask("subscribe", { uuid: this.uuid });
      return this;
    }
  }

  class Server {
    connected = false;
    constructor(device) {
      this.device = device;
    }
    async connect() {
      const services = await ask("connect", { id: this.device.id });
      this.connected = true;
      this.services = services.map(([uuid, characteristics]) => ({
        uuid,
        getCharacteristics: async () => characteristics.map(([one]) => new Characteristic(one)),
      }));
      return this;
    }
    getPrimaryServices = async () => this.services;
    disconnect() {
      if (this.connected) ask("disconnect").catch(() => null);
      this.ended();
    }
    ended() {
      if (!this.connected) return;
      this.connected = false;
      listening.clear();
      this.device.dispatchEvent(new Event("gattserverdisconnected"));
    }
  }

  class Device extends EventTarget {
    constructor({ id, name }) {
      super();
      Object.assign(this, { id, name });
      this.gatt = new Server(this);
    }
  }

  let device = null;
  new EventSource("bench/events").onmessage = (event) => {
    const told = JSON.parse(event.data);
    if (told.lost) device?.gatt.ended();
    const one = listening.get(told.uuid);
    if (!one) return;
    one.value = fromHex(told.value);
    one.dispatchEvent(new Event("characteristicvaluechanged"));
  };

  const bluetooth = {
    getAvailability: async () => true,
    getDevices: async () => (device ? [device] : []),
    async requestDevice() {
      const found = await ask("find");
      if (!found) throw new DOMException("no collar was heard", "NotFoundError");
      device = new Device(found);
      return device;
    },
  };
  Object.defineProperty(navigator, "bluetooth", { value: bluetooth, configurable: true });
})();
