// Reads a QR code from the camera: by the browser's own detector where there is one, else by jsQR.
let stream = null;

async function reader() {
  if (globalThis.BarcodeDetector) {
    const formats = await BarcodeDetector.getSupportedFormats();
    if (formats.includes("qr_code")) {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
    }
  }
  await import("./lib/jsQR.js");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    if (!canvas.width) return null;
    context.drawImage(video, 0, 0);
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    return globalThis.jsQR(data, width, height, { inversionAttempts: "dontInvert" })?.data ?? null;
  };
}

export function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
}

export async function scan(video) {
  stop();
  if (!navigator.mediaDevices) throw Object.assign(new Error(""), { trouble: "no_camera" });
  const mine = (stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }));
  video.srcObject = mine;
  await video.play();
  const read = await reader();
  while (stream === mine) {
    const text = await read(video);
    if (text) {
      stop();
      return text;
    }
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  throw Object.assign(new Error(""), { trouble: "cancelled" });
}
