// The tab Activity: what was synced, and how much by day.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { h, t, words, api, icons, Card } = page;
  const DAYS = 90;

  function Sync({ sync }) {
    return h(
      "li",
      { className: "plexsync-row" },
      h(page.Thumbnail, { sceneId: sync.scene_id }),
      h(
        "div",
        { className: "plexsync-row-main" },
        h("div", { className: "plexsync-row-title" }, h(page.SceneLink, { sceneId: sync.scene_id, title: sync.title })),
        sync.changes.map((change, index) => h(page.Change, { key: index, field: change.field, was: change.was, now: change.now })),
        sync.warnings.map((warning, index) => h("div", { key: index, className: "text-warning" }, warning))
      ),
      h(
        "div",
        { className: "plexsync-row-aside text-muted" },
        h(page.Moment, { at: sync.synced_at }),
        h("div", null, t("activity.milliseconds", { count: sync.milliseconds }))
      )
    );
  }

  page.ActivityView = function ({ status }) {
    const history = api.useOperation("history", { days: DAYS });
    const recent = page.usePaged("recent", {});
    page.useFollow(recent, status ? status.last_success_at : null);
    return h(
      "div",
      null,
      h(Card, { title: t("activity.by_day", { days: DAYS }) }, h(page.Outcome, { answer: history }, (data) => h(page.DayChart, { days: data.days }))),
      h(
        Card,
        { title: t("activity.title") },
        h(page.Outcome, { answer: recent }, (data) =>
          data.syncs.length === 0
            ? h(page.Empty, { title: t("activity.empty"), text: t("activity.empty_text"), icon: icons.faFilm })
            : h(
                "div",
                null,
                h(page.Rows, { isBusy: recent.loading }, data.syncs.map((sync) => h(Sync, { key: sync.id, sync }))),
                h(page.Pager, { paged: recent, shown: data.syncs.length })
              )
        )
      )
    );
  };

  // --- Outages

  function Figure({ label, value, hint }) {
    return h("div", { className: "plexsync-figure" }, h("dt", null, label), h("dd", null, value, h("small", null, hint)));
  }

  function Outage({ outage }) {
    return h(
      "li",
      { className: "plexsync-row" },
      h(
        "div",
        { className: "plexsync-row-main" },
        h("div", { className: "plexsync-row-title" }, words.clock(outage.started_at)),
        h("div", null, outage.cause),
        h("div", { className: "text-muted" }, t("outages.jobs", { waiting: outage.jobs_waiting, done: outage.jobs_done_after }))
      ),
      h("div", { className: "plexsync-row-aside" }, t(outage.ended_at === null ? "outages.so_far" : "outages.lasted", { duration: words.duration(outage.seconds) }))
    );
  }

  page.OutagesView = function ({ status }) {
    const answer = api.useOperation("outage_report");
    page.useFollow(answer, status ? status.breaker.state : "");
    const span = 30;
    return h(page.Outcome, { answer }, (report) => {
      const orNone = (seconds) => (seconds === null ? t("outages.unknown") : words.duration(seconds));
      const delayed = report.outages.reduce((total, outage) => total + outage.jobs_waiting, 0);
      const share = report.availability === null ? t("outages.unknown") : `${(report.availability * 100).toFixed(2)} %`;
      return h(
        "div",
        null,
        h(
          Card,
          { title: t("outages.timeline", { days: span }) },
          h(page.OutageTimeline, { outages: report.outages, span }),
          h(
            "dl",
            { className: "plexsync-figures" },
            h(Figure, { label: t("outages.availability"), value: share, hint: t("outages.availability_help") }),
            h(Figure, { label: t("outages.mttr"), value: orNone(report.mttr), hint: t("outages.mttr_help") }),
            h(Figure, { label: t("outages.mtbf"), value: orNone(report.mtbf), hint: t("outages.mtbf_help") }),
            h(Figure, { label: t("outages.delayed"), value: words.number(delayed), hint: t("outages.delayed_help") })
          )
        ),
        h(
          Card,
          { title: t("outages.title") },
          report.outages.length === 0
            ? h(page.Empty, { title: t("outages.empty"), text: t("outages.empty_text") })
            : h(page.Rows, null, [...report.outages].reverse().map((outage) => h(Outage, { key: outage.started_at, outage })))
        )
      );
    });
  };
})();
