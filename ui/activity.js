// The tab Activity: what was synced, and how much by day.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { h, div, t, words, api, icons, Card } = page;
  const DAYS = 90;
  const SHOWN = 100;
  const SPAN = 30;

  function Sync({ sync }) {
    const { scene_id: sceneId, title, changes, warnings } = sync;
    const aside = h(
      page.Muted,
      null,
      h(page.Moment, { at: sync.synced_at }),
      div(t("activity.milliseconds", { count: sync.milliseconds }))
    );
    return h(
      page.Row,
      { sceneId, title: h(page.SceneLink, { sceneId, title }), aside },
      changes.map(({ field, was, now }, index) => h(page.Change, { key: index, field, was, now })),
      warnings.map((warning, index) => h("div", { key: index, className: "text-warning" }, warning))
    );
  }

  page.ActivityView = function ({ status }) {
    const history = api.useOperation("history", { days: DAYS });
    const recent = page.usePaged("recent_syncs", {});
    page.useFollow(recent, status, (now) => now.last_success_at);
    page.useFollow(history, status, (now) => [now.done_today, now.dead_letters].join());
    return div(
      h(
        Card,
        { title: t("activity.by_day", { days: DAYS }) },
        h(page.Outcome, { answer: history }, (data) => h(page.DayChart, { days: data.days }))
      ),
      h(
        Card,
        { title: t("activity.title") },
        h(page.List, {
          paged: recent,
          of: "syncs",
          empty: { title: t("activity.empty"), text: t("activity.empty_text"), icon: icons.faFilm },
          row: (sync) => h(Sync, { key: sync.id, sync }),
        })
      )
    );
  };

  // --- Outages

  function Outage({ outage }) {
    const isOpen = outage.ended_at === null;
    const duration = words.duration(isOpen ? page.now() - outage.started_at : outage.seconds);
    page.useTick(isOpen);
    return h(
      page.Row,
      { title: words.clock(outage.started_at), aside: isOpen ? t("outages.so_far", { duration }) : duration },
      div(outage.cause),
      h(page.Muted, null, t("outages.jobs", { waiting: outage.jobs_waiting, done: outage.jobs_done_after }))
    );
  }

  page.OutagesView = function ({ status }) {
    const answer = api.useOperation("outage_report", { days: SPAN });
    const isOpen = (now) => now.breaker.state !== "closed";
    const say = (now) => [now.breaker.state, now.pending].join();
    page.useFollow(answer, status, say, (now, data) => Boolean(data.current) !== isOpen(now));
    return h(page.Outcome, { answer }, (report) => {
      const orNone = (seconds) => (seconds === null ? t("outages.unknown") : words.duration(seconds));
      const figure = (name, value) =>
        h(page.Figure, { label: t(`outages.${name}`), value, hint: t(`outages.${name}_help`) });
      const newest = [...report.outages].reverse();
      const since = page.now() - SPAN * 86400;
      const seen = report.outages.filter((outage) => outage.ended_at === null || outage.ended_at > since);
      const delayed = seen.reduce((total, outage) => total + outage.jobs_waiting, 0);
      const share = report.availability === null ? t("outages.unknown") : `${(report.availability * 100).toFixed(2)} %`;
      return div(
        h(
          Card,
          { title: t("outages.timeline", { days: SPAN }) },
          h(page.OutageTimeline, { outages: seen, span: SPAN }),
          newest.length > 0 &&
            h(
              "dl",
              { className: "plexsync-figures" },
              figure("availability", share),
              figure("mttr", orNone(report.mttr)),
              figure("mtbf", orNone(report.mtbf)),
              figure("delayed", words.number(delayed))
            )
        ),
        h(
          Card,
          { title: t("tab.outages") },
          report.outages.length === 0
            ? h(page.Empty, { title: t("outages.empty"), text: t("outages.empty_text") })
            : h(
                page.Rows,
                null,
                newest.slice(0, SHOWN).map((outage) => h(Outage, { key: outage.started_at, outage })),
                newest.length > SHOWN && h("li", null, t("list.more", { count: newest.length - SHOWN }))
              )
        )
      );
    });
  };
})();
