// Two charts in plain SVG. Each says in words what it shows.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, t, words } = page;
  const DAY = 86400;

  /** Done and failed by day; `days` are {date, done, failed}, the oldest first. */
  function DayChart({ days }) {
    const width = 900;
    const height = 160;
    const ground = height - 18;
    const most = Math.max(1, ...days.map((day) => day.done + day.failed));
    const step = width / Math.max(1, days.length);
    const tall = (count) => (count / most) * (ground - 12);
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
        h("rect", { x: index * step, y: 0, width: step, height: ground, className: "plexsync-bar-ground" }),
        block("done", ground - done, done),
        block("failed", ground - done - failed, failed)
      );
    };
    const label = (index, anchor) =>
      days[index] &&
      h("text", { x: anchor === "end" ? width : index * step, y: height - 4, textAnchor: anchor }, days[index].date);
    return h(
      "figure",
      { className: "plexsync-chart" },
      h(
        "svg",
        { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": summary },
        h("text", { x: 0, y: 10 }, words.number(most)),
        h("line", { x1: 0, x2: width, y1: ground, y2: ground }),
        days.map(bar),
        label(0, "start"),
        label(days.length - 1, "end")
      ),
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
    const width = 900;
    const height = 64;
    const band = 34;
    const end = page.now();
    const start = end - span * DAY;
    const at = (moment) => (Math.max(0, moment - start) / (end - start)) * width;
    const seen = outages.filter((outage) => (outage.ended_at || end) > start);

    const block = (outage) => {
      const x = at(outage.started_at);
      // A short outage must still be seen.
      const wide = Math.max(3, at(outage.ended_at || end) - x);
      const rect = { key: outage.started_at, x: Math.min(x, width - wide), y: 4, width: wide, height: band };
      const { cause, seconds } = outage;
      const said = { since: words.clock(outage.started_at), duration: words.duration(seconds), cause };
      return h("rect", { ...rect, className: "plexsync-bar-failed" }, h("title", null, t("chart.outage", said)));
    };
    const weeks = [...Array(Math.floor(span / 7) + 1).keys()].map((week) => end - week * 7 * DAY);
    return h(
      "figure",
      { className: "plexsync-chart" },
      h(
        "svg",
        {
          viewBox: `0 0 ${width} ${height}`,
          role: "img",
          "aria-label": t("chart.outages", { days: span, count: seen.length }),
        },
        h("rect", { x: 0, y: 4, width, height: band, className: "plexsync-bar-well" }),
        seen.map(block),
        weeks.map((moment, index) =>
          h(
            "text",
            { key: moment, x: at(moment), y: height - 6, textAnchor: index === 0 ? "end" : "middle" },
            words.day(moment)
          )
        )
      )
    );
  }

  Object.assign(page, { DayChart, OutageTimeline });
})();
