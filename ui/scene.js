// On a scene's own page: how it stands with Plex; and the badges on scene cards.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, box, div, parts, t, api, live, icons, Action } = page;
  const { Alert, Badge } = page.Bootstrap;
  const TONES = {
    in_step: "success",
    differs: "primary",
    waiting: "warning",
    failed: "danger",
    undone: "secondary",
    left_alone: "secondary",
    never_synced: "secondary",
    shown_by_another: "warning",
    gone: "secondary",
  };

  function Item({ item, sceneId, onChanged }) {
    const { pin, unpin } = page.usePin(sceneId, onChanged);
    const isOurs = item.owner_scene_id === sceneId;
    const web = { key: "web", href: item.web_url, target: "_blank", rel: "noreferrer" };
    const row = {
      title: [
        item.web_url
          ? h("a", web, item.title, h(page.Icon, { icon: icons.faArrowUpRightFromSquare }))
          : item.title,
        " ",
        h("span", { key: "library", className: "text-muted" }, item.library),
      ],
      actions: isOurs
        ? item.is_pinned && h(Action, { label: t("pins.remove"), icon: icons.faXmark, onRun: () => unpin(item.rating_key) })
        : h(Action, { label: t("scene.show_this"), icon: icons.faThumbtack, onRun: () => pin(item.rating_key) }),
    };
    const owner = { sceneId: item.owner_scene_id, title: item.owner_title };
    return h(
      page.Row,
      row,
      !isOurs && div(t("scene.another"), " ", h(page.SceneLink, owner)),
      h(page.Path, { path: item.path })
    );
  }

  function Differences({ status }) {
    if (status.differences === null) return h(Alert, { variant: "warning" }, status.differences_reason);
    if (status.differences.length === 0) return h("p", null, t("scene.no_difference"));
    return h(page.Differences, { differences: status.differences });
  }

  function SceneState({ status, sceneId, compared, onCompare, onChanged }) {
    const syncNow = page.useSync(sceneId, onChanged);
    const [dialog, undo] = page.useUndo();
    const { job } = status;

    async function undoScene() {
      if (await undo("undo_scene", { scene_id: sceneId })) await onChanged();
    }
    return h(
      "div",
      { className: "plexsync plexsync-scene" },
      h(
        "p",
        { className: "plexsync-sentence" },
        h(Badge, { variant: TONES[status.state] || "secondary" }, t(`scene.state.${status.state}`)),
        " ",
        status.last_synced_at &&
          parts(t("figure.last"), " ", h(page.Moment, { at: status.last_synced_at }))
      ),
      ...[...new Set([status.reason, job && job.error_text])].map((text) => text && box("why", text)),
      job && job.candidates.length > 0 && h(page.Candidates, { job, onChanged }),
      h(
        page.Line,
        null,
        h(Action, {
          label: t("status.now"),
          icon: icons.faBolt,
          variant: "primary",
          onRun: syncNow,
          disabled: status.state === "gone",
        }),
        h(Action, {
          label: t("scene.undo"),
          icon: icons.faClockRotateLeft,
          onRun: undoScene,
          disabled: !status.can_undo,
        }),
        h(Action, { label: t("scene.compare"), icon: icons.faCodeCompare, onRun: onCompare })
      ),
      compared && h("section", null, h("h2", null, t("scene.differences")), h(Differences, { status: compared })),
      h("h2", null, t("scene.items")),
      status.items.length === 0
        ? h(page.Help, null, t("scene.no_items"))
        : h(
            page.Rows,
            null,
            status.items.map((item) => h(Item, { key: item.rating_key, item, sceneId, onChanged }))
          ),
      dialog
    );
  }

  page.ScenePanel = function ({ sceneId }) {
    const answer = api.useOperation("scene_status", { scene_id: sceneId });
    const [compared, setCompared] = React.useState(null);
    const { status } = live.useStatus();
    // Something was sent meanwhile: this scene, perhaps.
    const isOld = (now, { state }) =>
      (state === "waiting" && !now.pending && !now.in_progress) || (state === "failed" && !now.dead_letters);
    page.useFollow(answer, status, (now) => [now.last_success_at, now.dead_letters].join(), isOld, (data) => [data.job]);

    async function compare() {
      setCompared(await api.operation("scene_status", { scene_id: sceneId, compare: true }));
    }
    const reload = page.useReload(answer);
    function onChanged() {
      setCompared(null);
      return reload();
    }
    return h(page.Outcome, { answer }, (data) =>
      h(SceneState, { status: data, sceneId, compared, onCompare: compare, onChanged })
    );
  };

  /** On a card: from the live file alone, never an operation. */
  page.CardBadge = function ({ sceneId }) {
    const scenes = live.useLiveScenes();
    if (!scenes) return null;
    const state = scenes.failed.includes(sceneId) ? "failed" : scenes.waiting.includes(sceneId) ? "waiting" : null;
    if (!state) return null;
    const label = t(`badges.${state}`);
    return h("span", {
      className: `plexsync-card-badge plexsync-tone-${state === "failed" ? "needs-you" : "waiting"}`,
      title: label,
      role: "img",
      "aria-label": label,
    });
  };
})();
