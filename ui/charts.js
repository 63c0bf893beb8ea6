// Two charts in plain SVG. Each says in words what it shows.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { h, box, t, words } = page;
  const DAY = 86400;
  const WIDTH = 900;

  /** As wide as the page; no text in it, which would shrink with it. */
  function Picture({ height, label, children }) {
    const frame = { viewBox: `0 0 ${WIDTH} ${height}`, height, preserveAspectRatio: "none" };
    return h("svg", { ...frame, role: "img", "aria-label": label }, children);
  }

  /** Done and failed by day; `days` are {date, done, failed}, the oldest first. */
  function DayChart({ days }) {
    const height = 130;
    const most = Math.max(1, ...days.map((day) => day.done + day.failed));
    const step = WIDTH / Math.max(1, days.length);
    const tall = (count) => (count / most) * height;
    const sum = (key) => days.reduce((total, day) => total + day[key], 0);
    const summary = t("chart.days", { days: days.length, done: sum("done"), failed: sum("failed") });

    const bar = (day, index) => {
      const failed = tall(day.failed);
      const done = tall(day.done);
      const x = index * step + step * 0.12;
      const block = (kind, y, tall) =>
        tall > 0 && h("rect", { x, y, width: step * 0.76, height: tall, className: `plexsync-bar-${kind}` });
      return h(
        "g",
        { key: day.date },
        h("title", null, t("chart.day", { date: day.date, done: day.done, failed: day.failed })),
        h("rect", { x: index * step, y: 0, width: step, height, className: "plexsync-bar-ground" }),
        block("done", height - done, done),
        block("failed", height - done - failed, failed)
      );
    };
    const [first, last] = [days[0], days[days.length - 1]].map((day) => (day ? day.date : ""));
    return h(
      "figure",
      { className: "plexsync-chart" },
      box("axis", words.number(most)),
      h(Picture, { height, label: summary }, days.map(bar)),
      box("axis", h("span", null, first), h("span", null, last)),
      h(
        "figcaption",
        null,
        h("span", { className: "plexsync-key plexsync-key-done" }, t("chart.done", { count: sum("done") })),
        h("span", { className: "plexsync-key plexsync-key-failed" }, t("chart.failed", { count: sum("failed") }))
      )
    );
  }

  /** When Plex was away within the last `span` days. */
  function OutageTimeline({ outages, span }) {
    const height = 34;
    const end = page.now();
    const start = end - span * DAY;
    const at = (moment) => (Math.max(0, moment - start) / (end - start)) * WIDTH;

    const block = (outage) => {
      const x = at(outage.started_at);
      // A short outage must still be seen.
      const width = Math.max(3, at(outage.ended_at || end) - x);
      const rect = { key: outage.started_at, x: Math.min(x, WIDTH - width), y: 0, width, height };
      const { cause, seconds } = outage;
      const said = { since: words.clock(outage.started_at), duration: words.duration(seconds), cause };
      return h("rect", { ...rect, className: "plexsync-bar-failed" }, h("title", null, t("chart.outage", said)));
    };
    return h(
      "figure",
      { className: "plexsync-chart" },
      h(
        Picture,
        { height, label: t("chart.outages", { days: span, count: outages.length }) },
        h("rect", { x: 0, y: 0, width: WIDTH, height, className: "plexsync-bar-well" }),
        outages.map(block)
      ),
      box("axis", h("span", null, words.day(start)), h("span", null, words.day(end)))
    );
  }

  Object.assign(page, { DayChart, OutageTimeline });
})();
