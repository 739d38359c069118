// Charts: <div class="chart" data-chart="id" data-title="..."></div> with {{ option|json_script:"id" }} beside it.
// The numbers stand in a table on the page as well; the picture is only added.
import { fresh } from "./dom.js";

const COLOURS = ["#17568f", "#b5651d", "#1d6b3a", "#7a4b9a", "#56616e", "#a61e1e"];
let loading = null;

function library() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.querySelector("#app-script").dataset.echarts;
    script.addEventListener("load", () => resolve(window.echarts));
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  return loading;
}

async function mount(element) {
  const data = document.getElementById(element.dataset.chart);
  if (!data) return;
  const echarts = await library();
  const chart = echarts.init(element);
  const font = getComputedStyle(document.body).fontFamily;
  const option = JSON.parse(data.textContent);
  // What a picture has otherwise where it is narrow.
  const { narrow, ...wide } = option;
  const shown = narrow && element.clientWidth < 500 ? { ...wide, ...narrow } : wide;
  // Tooltips drawn on the canvas: the page allows no inline styles.
  if (shown.tooltip) shown.tooltip.renderMode = "richText";
  chart.setOption({ color: COLOURS, animation: false, textStyle: { fontFamily: font, fontSize: 14 }, aria: { enabled: true }, ...shown });
  // On paper the drawn picture is scaled by the style sheet; drawing it anew there would give it no height.
  const paper = window.matchMedia("print");
  new ResizeObserver(() => paper.matches || chart.resize()).observe(element);
}

export function startCharts(root) {
  fresh(root, "[data-chart]", "chartReady").forEach((element) => mount(element).catch(() => element.remove()));
}
