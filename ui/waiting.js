// The tab Waiting: which scenes, why, and when they are tried next.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, box, parts, t, words, api, icons, Action, Card } = page;

  const why = (job) => job.error_text || t(job.kind === "rename" ? "waiting.rename" : `waiting.${job.state}`);

  const when = (job) =>
    job.next_retry_at ? t("waiting.next", { until: words.until(job.next_retry_at) }) : t(`waiting.when_${job.state}`);

  function Job({ job, onChanged }) {
    const toasts = page.useToasts();
    const tryNow = page.useTry(onChanged, { scene_id: job.scene_id });

    async function bringBack() {
      try {
        await api.operation("sync_scene", { scene_id: job.scene_id });
        toasts.done(t("waiting.back"));
        await onChanged();
      } catch (error) {
        toasts.failed(error);
      }
    }

    async function forget() {
      const reply = await api.operation("discard", { state: "waiting", ids: [job.id], dry_run: false });
      if (reply.discarded) toasts.withUndo(t("waiting.forgotten"), bringBack);
      else toasts.failed(new Error(t("waiting.not_forgotten", { reason: (reply.keep[0] || {}).reason || "" })));
      await onChanged();
    }

    const disabled = job.state === "in_progress";
    const actions = [
      h(Action, { key: "now", label: t("waiting.try_now"), icon: icons.faBolt, onRun: tryNow, disabled }),
      h(Action, { key: "forget", label: t("waiting.forget"), icon: icons.faXmark, onRun: forget, disabled }),
    ];
    return h(
      page.Row,
      {
        sceneId: job.scene_id,
        title: h(page.SceneLink, { sceneId: job.scene_id, title: job.title }),
        actions: job.kind === "scene" && actions,
      },
      box("why", why(job)),
      h(page.Muted, null, when(job), job.attempts > 0 && ` · ${t("job.tries", { count: job.attempts })}`),
      h(page.Path, { path: job.path })
    );
  }

  page.WaitingView = function ({ status }) {
    const [text, setText] = React.useState("");
    const search = page.useSettled(text);
    const paged = page.usePaged("jobs", { state: "waiting", search });
    const number = status ? status.pending : 0;
    const say = (now) => [now.pending, now.paused, now.breaker.state, now.drainer.blocked].join();
    const isOld = (now, data) => !search && data.count !== now.pending + now.in_progress;
    page.useFollow(paged, status, say, isOld, (data) => data.jobs);

    const onChanged = page.useReload(paged);
    const tryAll = page.useTry(onChanged);

    const aside = parts(
      h(page.Search, { value: text, onChange: setText, label: t("search.label") }),
      h(Action, { label: t("waiting.try_all"), icon: icons.faBolt, onRun: tryAll, disabled: !number })
    );
    return h(
      Card,
      { title: t("waiting.title"), aside },
      h(page.List, {
        paged,
        of: "jobs",
        empty: search
          ? { title: t("search.nothing"), icon: icons.faMagnifyingGlass }
          : { title: t("waiting.empty"), text: t("waiting.empty_text") },
        row: (job) => h(Job, { key: job.id, job, onChanged }),
      })
    );
  };
})();
