// Draws a QR code as SVG, dark on white whatever the screen's colours are.
import qrcode from "./lib/qrcode.mjs";

export function draw(text) {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  return code.createSvgTag({ cellSize: 4, margin: 16, scalable: true });
}
