// The tab Status: how things stand, and what steers it.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, box, parts, t, words, api, live, icons, Action, Card, Moment } = page;

  function StateCard({ status }) {
    const [tone, sentence] = page.sentence.describe(status);
    const { drain, token_ends_at: end } = status;
    const { doing, blocked } = status.drainer;
    // After Resume the drainer's word is old for a moment.
    const isOver = doing === "paused" && !status.paused;
    const reason = (doing !== "packages" && status.breaker.cause) || (!isOver && blocked);
    page.useTick(Boolean(status.breaker.next_probe_at || status.next_due_at));
    return h(
      "section",
      { className: `plexsync-state card plexsync-tone-${tone}`, "aria-label": t("state.label") },
      h("p", { className: "plexsync-sentence", role: "status" }, sentence),
      drain &&
        h(page.Progress, {
          done: drain.done,
          total: drain.total,
          label: t("state.draining", { done: drain.done, total: drain.total }),
        }),
      reason && h(page.Help, null, reason),
      doing === "settings" && h(page.Router.Link, { to: `${page.route}?tab=setup` }, t("state.to_setup")),
      end && h("p", { className: "text-warning" }, t("state.token_ends", { day: words.day(end) })),
      h(Steering, { status })
    );
  }

  function Steering({ status }) {
    const toasts = page.useToasts();
    const [dialog, retry] = page.useRetry();
    const syncNow = page.useTry(live.refresh);

    async function setPaused(paused) {
      await api.saveSettings({ paused });
      // The drainer notices in a moment. Who reads the settings before tells the others: its status knows better.
      await api.operation("settings");
      live.accept(await api.operation("queue_status"));
      toasts.done(t(paused ? "status.paused" : "status.resumed"));
      await live.refresh();
    }

    const steer = (name, icon, onRun, others) =>
      box(
        "steer",
        h(Action, { label: t(`status.${name}`), icon, onRun, ...others }),
        page.muted("small", t(`status.${name}_help`))
      );
    return box(
      "steering",
      status.paused
        ? steer("resume", icons.faPlay, () => setPaused(false), {
            variant: "primary",
          })
        : steer("pause", icons.faPause, () => setPaused(true)),
      steer("now", icons.faBolt, syncNow, { disabled: status.paused || !status.pending }),
      steer("retry", icons.faRotateRight, () => retry({}), { disabled: !status.dead_letters }),
      dialog
    );
  }

  function Figures({ status }) {
    const { breaker, ramp, last_success_at: last, next_reconcile_at: next } = status;
    const figure = (label, value, tab, hint) =>
      h(page.Figure, { label, value, hint, to: tab && `${page.route}?tab=${tab}` });
    const speed = ramp
      ? t("figure.ramp", { rate: words.number(Math.round(ramp.per_second * 10) / 10), until: words.until(ramp.until) })
      : t("figure.full_speed");
    return h(
      Card,
      { title: t("status.figures") },
      h(
        "dl",
        { className: "plexsync-figures" },
        figure(t("tab.waiting"), words.number(status.pending), "waiting"),
        figure(t("figure.scan"), words.number(status.waiting_for_scan), "waiting"),
        figure(t("figure.retry"), words.number(status.waiting_for_retry - status.waiting_for_scan), "waiting"),
        figure(t("tab.failed"), words.number(status.dead_letters), "failed"),
        figure(
          t("figure.today"),
          words.number(status.done_today),
          "activity",
          status.synced_per_minute > 0 && t("figure.per_minute", { count: status.synced_per_minute })
        ),
        figure(t("figure.last"), last ? h(Moment, { at: last }) : t("figure.never")),
        figure(
          t("figure.plex"),
          // Closed is how it begins, before anybody has asked.
          t(!last && breaker.state === "closed" ? "outages.unknown" : `breaker.${breaker.state}`),
          null,
          breaker.since && t("figure.since", { since: words.clock(breaker.since) })
        ),
        figure(t("figure.speed"), speed),
        figure(t("figure.reconcile"), next ? words.clock(next) : t("figure.not_scheduled"))
      )
    );
  }

  function LogLines() {
    const answer = api.useOperation("log", { lines: 200 });
    const toEnd = React.useCallback((log) => log && (log.scrollTop = log.scrollHeight), [answer.data]);
    return h(page.Outcome, { answer }, (data) =>
      parts(
        h(
          "pre",
          { ref: toEnd, className: "plexsync-log", tabIndex: 0, "aria-label": t("log.title") },
          data.lines.length ? data.lines.map(logLine) : t("log.empty")
        ),
        h(Action, { label: t("action.reload"), icon: icons.faRotate, onRun: answer.reload })
      )
    );
  }

  function logLine(line, index) {
    const time = line.at ? `${words.clock(line.at)}  ` : "";
    return h("span", { key: index, className: `plexsync-level-${line.level}` }, `${time}${line.text}\n`);
  }

  page.StatusView = function ({ status }) {
    return parts(
      h(StateCard, { status }),
      h(Figures, { status }),
      h(Card, null, h(page.Fold, { label: t("log.show") }, () => h(LogLines)))
    );
  };
})();
