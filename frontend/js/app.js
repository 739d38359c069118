// What every page does; each module looks for its own marks in the document and does nothing without them.
import { startAsking } from "./asking.js";
import { startAutosave } from "./autosave.js";
import { startCharts } from "./charts.js";
import "./live.js";
import { startLeaving } from "./leaving.js";
import { startMenus } from "./menus.js";
import { startPrinting } from "./printing.js";
import { startRequests } from "./requests.js";
import { startTransfers } from "./transfers.js";
import { startUploads } from "./uploads.js";

const starters = [startAsking, startAutosave, startCharts, startLeaving, startMenus, startTransfers, startUploads];

document.documentElement.classList.add("scripts");
startRequests();
startPrinting();
starters.forEach((start) => start(document));
document.addEventListener("htmx:load", (event) => starters.forEach((start) => start(event.detail.elt)));
