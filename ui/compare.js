// The tab Compare: what differs between Stash and Plex, and sending it.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, box, div, t, words, api, live, icons, Action, Card } = page;
  const { Badge, Button } = page.Bootstrap;
  const SCOPES = ["all", "week", "day", "outage"];
  const LOOK_MS = 1000;
  const MOST_IDS = 500;
  const COUNTED = (
    "differs lock_only refused not_in_plex ambiguous failed nothing_to_sync undone gone agent_matched unknown_to_stash"
  ).split(" ");
  const FINISHED = ["FINISHED", "CANCELLED", "FAILED"];

  /** Follows a job of Stash until it ends; then calls onEnd(job). */
  function useJob(onEnd) {
    const [job, setJob] = React.useState(null);
    React.useEffect(() => {
      if (!job || FINISHED.includes(job.status)) return undefined;
      const timer = setTimeout(async () => {
        let next;
        try {
          // Stash forgets a job soon after its end.
          next = (await api.findJob(job.id)) || { ...job, status: "FINISHED", progress: 1 };
        } catch (error) {
          next = { ...job }; // a failed look is followed by another
        }
        setJob(next);
        if (FINISHED.includes(next.status)) onEnd(next);
      }, LOOK_MS);
      return () => clearTimeout(timer);
    }, [job]);
    return [job, (id) => setJob({ id, status: "READY", progress: 0, error: null })];
  }

  // Stash only logs what a plugin answered to a task; the job is FINISHED (v0.30).
  const ANSWERED = "Plugin returned error: ";

  /** Why a comparison that began at `since` left no report. */
  async function reasonSince(since) {
    const [log, status] = await Promise.all([api.readLog(), api.operation("queue_status")]);
    const line = log.find((each) => each.message.startsWith(ANSWERED) && Date.parse(each.time) / 1000 >= since);
    return line ? line.message.slice(ANSWERED.length) : status.breaker.cause || status.drainer.blocked || t("error.unknown");
  }

  const endOf = (report) => `${report.name} ${report.ended_at}`;

  function Start({ onEnd }) {
    const [scope, setScope] = React.useState("all");
    const toasts = page.useToasts();
    const before = React.useRef(null);
    const [job, follow] = useJob((ended) => finish(ended).catch(toasts.failed));
    const isRunning = job && !FINISHED.includes(job.status);

    async function finish(ended) {
      const { reports } = await api.operation("reports");
      const made = reports.find((report) => !before.current.known.includes(endOf(report)));
      onEnd(made);
      if (ended.status === "CANCELLED") return toasts.done(t("compare.stopped"));
      if (made && !ended.error) return toasts.done(t("compare.done"));
      throw new Error(t("compare.broken", { reason: ended.error || (await reasonSince(before.current.at)) }));
    }

    async function start() {
      const { reports } = await api.operation("reports");
      before.current = { at: page.now() - 2, known: reports.map(endOf) };
      follow(await api.startTask("Compare with Plex (report only)", { mode: "compare", scope }));
    }
    return div(
      h(page.Help, null, t("compare.help")),
      h(
        page.Line,
        null,
        h(page.Choice, {
          choices: SCOPES.map((name) => [name, t(`scope.${name}`)]),
          value: scope,
          disabled: isRunning,
          "aria-label": t("compare.scope"),
          onChange: setScope,
        }),
        isRunning
          ? h(Action, { label: t("action.stop"), icon: icons.faStop, onRun: () => api.stopJob(job.id) })
          : h(Action, { label: t("tab.compare"), icon: icons.faCodeCompare, variant: "primary", onRun: start })
      ),
      isRunning && h(page.Progress, { done: Math.max(0, job.progress || 0), total: 1, label: t("compare.progress") })
    );
  }

  function counts(report) {
    return COUNTED.filter((name) => report[name]).map((name) => t(`compare.${name}`, { count: report[name] }));
  }

  function ReportLine({ report, isOpen, onOpen }) {
    const found = counts(report);
    const scope = SCOPES.includes(report.scope) ? report.scope : "other";
    const open = { key: "open", size: "sm", variant: "secondary", "aria-expanded": isOpen, onClick: onOpen };
    const row = {
      title: [
        h(page.Moment, { key: "at", at: report.started_at }),
        " ",
        h(Badge, { key: "scope", variant: "secondary" }, t(`scope.${scope}`)),
      ],
      actions: [
        h(Button, open, t(isOpen ? "compare.close" : "compare.open")),
        report.asset &&
          h(page.NewTab, { key: "tab", href: page.asset(report.asset), variant: "secondary" }, t("compare.tab")),
      ],
    };
    const counted = t("compare.scenes", { count: report.scenes, step: report.in_step });
    return h(
      page.Row,
      row,
      div(counted, found.length ? ` ${found.join(", ")}.` : ""),
      report.enqueued > 0 && h(page.Muted, null, t("compare.was_sent", { count: report.enqueued }))
    );
  }

  /** A path by its end, all of it on demand. */
  function PathEnd({ path }) {
    const found = /^.+([/\\][^/\\]+[/\\][^/\\]*)$/s.exec(path);
    if (!found) return h(page.Path, { path });
    return h("details", { className: "plexsync-path" }, h("summary", null, `…${found[1]}`), h("code", null, path));
  }

  function ReportRow({ row, index, selection, isSent }) {
    const canSend = !isSent && ["differs", "refused"].includes(row.verdict);
    const title = row.title || (row.scene_id === null ? t("compare.unknown") : "");
    const select = {
      id: `plexsync-row-${index}`,
      name: row.title || row.path,
      checked: selection.has(row.scene_id),
      disabled: !canSend,
      onChange: (isOn) => selection.toggle([row.scene_id], isOn),
    };
    return h(
      page.Row,
      {
        before: h(page.Select, select),
        title: [
          h(page.SceneLink, { key: "link", sceneId: row.scene_id, title }),
          " ",
          h(
            Badge,
            { key: "verdict", variant: canSend ? "primary" : "secondary" },
            t(`verdict.${isSent ? "sent" : row.verdict}`)
          ),
          " ",
          h("small", { key: "library", className: "text-muted" }, row.library),
        ],
      },
      h(page.Differences, { differences: row.changes }),
      row.reason && box("why", row.reason),
      row.guids.map((guid) => h("div", { key: guid }, t("compare.matched", { guid }))),
      row.trashed && div(t("compare.trashed")),
      h(PathEnd, { path: row.path }),
      row.candidates.length > 0 && h(page.Muted, null, t("compare.candidates")),
      row.candidates.map((path) => h(page.Path, { key: path, path }))
    );
  }

  function Sending({ report, ids, isAllSent, onSent }) {
    const toasts = page.useToasts();
    const [dialog, ask] = page.useConfirm();

    async function send(requests, sent) {
      let count = 0;
      for (const args of requests) count += (await api.operation("reconcile", args)).enqueued;
      toasts.done(t("compare.sent", { count }));
      await Promise.all([live.refresh(), onSent(sent)]);
    }
    function sendSelected() {
      const starts = ids.map((_, place) => place).filter((place) => place % MOST_IDS === 0);
      return send(starts.map((start) => ({ scene_ids: ids.slice(start, start + MOST_IDS) })), ids);
    }
    async function sendAll() {
      const isAgreed = await ask({
        title: t("compare.send_all_title", { count: report.differs }),
        body: t("compare.send_all_help"),
        accept: t("compare.send_all"),
      });
      if (isAgreed) await send([{ report: report.name }], "all");
    }
    const icon = icons.faPaperPlane;
    const isEmpty = ids.length === 0;
    return box(
      "row-actions",
      h(Action, { label: t("compare.send_selected"), icon, onRun: sendSelected, disabled: isEmpty }),
      h(Action, { label: t("compare.send_all"), icon, variant: "primary", onRun: sendAll, disabled: isAllSent || !report.differs }),
      dialog
    );
  }

  function ReportRows({ report, onSent }) {
    const { name } = report;
    const [only, setOnly] = React.useState("all");
    const selection = page.useSelection(name);
    const paged = page.usePaged("report", { name, only });
    const count = selection.ids.size;
    const [sent, setSent] = page.useKept(`sent ${name}`, "", []);
    const isSent = (row) => sent.includes(row.scene_id) || (sent.includes("all") && row.verdict === "differs");

    function onSending(what) {
      setSent(sent.concat(what));
      selection.clear();
      return onSent();
    }
    return div(
      box(
        "selection",
        report.unknown_to_stash > 0 &&
          h(page.Choice, {
            choices: [["all", t("only.all")], ["scenes", t("only.scenes")], ["unknown", t("verdict.unknown_to_stash")]],
            value: only,
            "aria-label": t("compare.only"),
            onChange: setOnly,
          }),
        h("span", { role: "status", className: "text-muted" }, count ? t("failed.selected", { count }) : ""),
        h(Sending, { report, ids: [...selection.ids], isAllSent: sent.includes("all"), onSent: onSending })
      ),
      h(page.List, {
        paged,
        of: "rows",
        empty: { title: t("compare.nothing"), text: t("compare.nothing_text") },
        row: (row, index) => h(ReportRow, { key: index, index, row, selection, isSent: isSent(row) }),
      })
    );
  }

  page.CompareView = function ({ status }) {
    const answer = api.useOperation("reports");
    const [open, setOpen] = React.useState(null);
    function onEnd(made) {
      if (made) setOpen(made.name);
      return answer.reload();
    }
    const next = answer.data && answer.data.next_automatic_at;
    page.useFollow(answer, status, (now) => now.drainer.doing === "comparing");
    return div(
      h(Card, { title: t("compare.title") }, h(Start, { onEnd })),
      h(
        Card,
        {
          title: t("compare.reports"),
          aside:
            answer.data &&
            h(page.Muted, null, next ? t("compare.next", { when: words.clock(next) }) : t("compare.never")),
        },
        h(page.Outcome, { answer }, (data) =>
          data.reports.length === 0
            ? h(page.Empty, {
                title: t("compare.no_reports"),
                text: t("compare.no_reports_text"),
                icon: icons.faCodeCompare,
              })
            : h(
                page.Rows,
                { isBusy: answer.loading },
                data.reports.map((report) => [
                  h(ReportLine, {
                    key: report.name,
                    report,
                    isOpen: open === report.name,
                    onOpen: () => setOpen(open === report.name ? null : report.name),
                  }),
                  open === report.name &&
                    h(
                      "li",
                      { key: `${report.name}-rows`, className: "plexsync-nested" },
                      h(ReportRows, { report, onSent: answer.reload })
                    ),
                ])
              )
        )
      ),
      h(page.UndoCards, { status })
    );
  };
})();
