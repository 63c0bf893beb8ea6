// The tab Compare: what differs between Stash and Plex, and sending it.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, t, words, api, live, icons, Action, Card } = page;
  const { Badge, Button, Form } = page.Bootstrap;
  const SCOPES = ["all", "week", "day", "outage"];
  const LOOK_MS = 1000;
  const MOST_IDS = 500;
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

  function Start({ onEnd }) {
    const [scope, setScope] = React.useState("all");
    const toasts = page.useToasts();
    const [job, follow] = useJob((ended) => {
      if (ended.error) toasts.failed(new Error(ended.error));
      else toasts.done(t(ended.status === "CANCELLED" ? "compare.stopped" : "compare.done"));
      onEnd();
    });
    const isRunning = job && !FINISHED.includes(job.status);

    async function start() {
      follow(await api.startTask("Compare with Plex (report only)", { mode: "compare", scope }));
    }
    return h(
      "div",
      null,
      h("p", { className: "text-muted" }, t("compare.help")),
      h(
        "div",
        { className: "plexsync-line" },
        h(
          Form.Control,
          {
            as: "select",
            size: "sm",
            custom: true,
            value: scope,
            disabled: isRunning,
            "aria-label": t("compare.scope"),
            onChange: (event) => setScope(event.target.value),
          },
          SCOPES.map((name) => h("option", { key: name, value: name }, t(`scope.${name}`)))
        ),
        isRunning
          ? h(Action, { label: t("action.stop"), icon: icons.faStop, onRun: () => api.stopJob(job.id) })
          : h(Action, { label: t("compare.start"), icon: icons.faCodeCompare, variant: "primary", onRun: start })
      ),
      isRunning && h(page.Progress, { done: Math.max(0, job.progress || 0), total: 1, label: t("compare.progress") })
    );
  }

  function counts(report) {
    return ["differs", "not_in_plex", "ambiguous", "failed"]
      .filter((name) => report[name])
      .map((name) => t(`compare.${name}`, { count: report[name] }));
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
      h("div", null, counted, found.length ? ` ${found.join(", ")}.` : ""),
      report.enqueued > 0 && h(page.Muted, null, t("compare.was_sent", { count: report.enqueued }))
    );
  }

  function ReportRow({ row, index, isSelected, onSelect }) {
    const canSend = row.verdict === "differs" || row.verdict === "refused";
    const name = row.title || t("scene.number", { id: row.scene_id });
    const select = {
      id: `plexsync-row-${index}`,
      name,
      checked: isSelected,
      disabled: !canSend,
      onChange: () => onSelect(row.scene_id),
    };
    const title = row.title || (row.scene_id === null ? t("compare.unknown") : "");
    return h(
      page.Row,
      {
        before: h(page.Select, select),
        title: [
          h(page.SceneLink, { key: "link", sceneId: row.scene_id, title }),
          " ",
          h(Badge, { key: "verdict", variant: canSend ? "primary" : "secondary" }, t(`verdict.${row.verdict}`)),
        ],
      },
      h(page.Differences, { differences: row.changes }),
      row.reason && h("div", null, row.reason),
      row.candidates.map((path) => h(page.Path, { key: path, path })),
      h(page.Path, { path: row.path })
    );
  }

  function ReportRows({ name, onSent }) {
    const paged = page.usePaged("report", { name });
    const [ids, setIds] = React.useState(new Set());
    const toasts = page.useToasts();
    const [dialog, ask] = page.useConfirm();

    function toggle(id) {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      setIds(next);
    }
    async function send(requests) {
      let count = 0;
      for (const args of requests) count += (await api.operation("reconcile", args)).enqueued;
      toasts.done(t("compare.sent", { count }));
      setIds(new Set());
      await Promise.all([live.refresh(), onSent()]);
    }
    function sendSelected() {
      const all = [...ids];
      const starts = all.map((_, place) => place).filter((place) => place % MOST_IDS === 0);
      return send(starts.map((start) => ({ scene_ids: all.slice(start, start + MOST_IDS) })));
    }
    async function sendAll() {
      const count = paged.data.report.differs;
      const isAgreed = await ask({
        title: t("compare.send_all_title", { count }),
        body: t("compare.send_all_help"),
        accept: t("compare.send_all"),
      });
      if (isAgreed) await send([{ report: name }]);
    }
    return h(page.Outcome, { answer: paged }, (data) =>
      data.count === 0
        ? h(page.Empty, { title: t("compare.nothing"), text: t("compare.nothing_text") })
        : h(
            "div",
            null,
            h(
              "div",
              { className: "plexsync-selection" },
              h("span", { role: "status", className: "text-muted" }, t("compare.selected", { count: ids.size })),
              h(
                "div",
                { className: "plexsync-row-actions" },
                h(Action, {
                  label: t("compare.send_selected"),
                  icon: icons.faPaperPlane,
                  onRun: sendSelected,
                  disabled: !ids.size,
                }),
                h(Action, {
                  label: t("compare.send_all"),
                  icon: icons.faPaperPlane,
                  variant: "primary",
                  onRun: sendAll,
                  disabled: !data.report.differs,
                })
              )
            ),
            h(
              page.Rows,
              { isBusy: paged.loading },
              data.rows.map((row, index) =>
                h(ReportRow, { key: index, index, row, isSelected: ids.has(row.scene_id), onSelect: toggle })
              )
            ),
            h(page.Pager, { paged, shown: data.rows.length }),
            dialog
          )
    );
  }

  page.CompareView = function ({ status }) {
    const answer = api.useOperation("reports");
    const [open, setOpen] = React.useState(null);
    const next = answer.data && answer.data.next_automatic_at;
    page.useFollow(answer, status ? status.drainer.doing === "comparing" : false);
    return h(
      "div",
      null,
      h(Card, { title: t("compare.title") }, h(Start, { onEnd: answer.reload })),
      h(
        Card,
        {
          title: t("compare.reports"),
          aside:
            answer.data &&
            h(
              "span",
              { className: "text-muted" },
              next ? t("compare.next", { when: words.clock(next) }) : t("compare.never")
            ),
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
                      h(ReportRows, { name: report.name, onSent: answer.reload })
                    ),
                ])
              )
        )
      ),
      h(page.UndoCards, { status })
    );
  };
})();
