// Reads the QR code of a certificate with the camera, where the browser can; otherwise nothing of it is shown.
const NUMBER = /\/c\/(\d{12})\/?$/;
const PAUSE_MS = 200;

const place = document.querySelector("[data-scan]");
const video = place?.querySelector("video");
const start = place?.querySelector("[data-scan-start]");
const stop = place?.querySelector("[data-scan-stop]");
const says = place?.querySelector("[data-scan-says]");
let stream = null;

function tell(text) {
  says.textContent = text;
}

function end() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  video.hidden = stop.hidden = true;
  start.hidden = false;
}

// Only the number is taken from a code; where it leads is always a page of ours.
function take(text) {
  let address;
  try {
    address = new URL(text);
  } catch {
    return tell(place.dataset.other.replace("%s", text.slice(0, 120)));
  }
  const found = address.pathname.match(NUMBER);
  if (!found || address.host !== place.dataset.host) return tell(place.dataset.foreign.replace("%s", address.host || text.slice(0, 120)));
  end();
  location.assign(place.dataset.page.replace("000000000000", found[1]));
}

async function look(detector) {
  if (!stream) return;
  try {
    const [code] = await detector.detect(video);
    if (code) take(code.rawValue);
  } catch {
    // A picture that is not ready yet: the next one is looked at.
  }
  setTimeout(look, PAUSE_MS, detector);
}

async function begin(detector) {
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch {
    return tell(place.dataset.refused);
  }
  video.srcObject = stream;
  video.hidden = stop.hidden = false;
  start.hidden = true;
  tell(place.dataset.looking);
  await video.play();
  look(detector);
}

async function ready() {
  if (!place || !("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return;
  const formats = await window.BarcodeDetector.getSupportedFormats();
  if (!formats.includes("qr_code")) return;
  const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
  start.addEventListener("click", () => begin(detector));
  stop.addEventListener("click", () => {
    end();
    tell("");
  });
  addEventListener("pagehide", end);
  place.hidden = false;
}

ready();
