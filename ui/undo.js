// Putting back in Plex what it showed before PlexSync wrote to it.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, div, parts, t, api, live, icons, Action, Card } = page;
  const { Form } = page.Bootstrap;
  const SHOWN = 20;

  function PreviewScene({ id, changes }) {
    return h(
      "li",
      null,
      h(page.SceneLink, { sceneId: Number(id) }),
      changes.map((change, index) =>
        h(page.Change, { key: index, field: change.field, was: change.from, now: change.to })
      )
    );
  }

  function Preview({ preview }) {
    const scenes = Object.entries(preview.scenes);
    const kept = Object.keys(preview.left_alone).length;
    const unchanged = Object.entries(preview.unchanged);
    return parts(
      h("p", null, scenes.length ? t("undo.will", { count: scenes.length }) : t("undo.none")),
      h(
        "ul",
        { className: "plexsync-kept" },
        scenes.slice(0, SHOWN).map(([id, changes]) => h(PreviewScene, { key: id, id, changes })),
        scenes.length > SHOWN && h("li", null, t("list.more", { count: scenes.length - SHOWN }))
      ),
      kept > 0 && h("p", null, t("undo.left_alone", { count: kept })),
      h(
        "ul",
        { className: "plexsync-kept" },
        unchanged.slice(0, SHOWN).map(([id, reason]) => h("li", { key: id }, reason))
      ),
      h(page.Help, null, t("undo.pictures"))
    );
  }

  /** Returns [dialog, undo]; undo shows first what would change, and resolves to whether it was done. */
  page.useUndo = function () {
    const [dialog, ask] = page.useConfirm();
    const toasts = page.useToasts();
    const undo = React.useCallback(async (mode, args) => {
      const preview = await api.operation(mode, { ...args, dry_run: true });
      const count = preview.undone.length;
      const isAgreed = await ask({
        title: t("undo.title"),
        body: h(Preview, { preview }),
        accept: t("undo.accept", { count }),
        isDanger: true,
        isRefused: count === 0,
      });
      if (!isAgreed) return false;
      const done = await api.operation(mode, { ...args, dry_run: false });
      toasts.done(t("undo.done", { count: done.undone.length }));
      await live.refresh();
      return true;
    }, []);
    return [dialog, undo];
  };

  function UndoneScene({ scene, onChanged }) {
    const syncAgain = page.useSync(scene.scene_id, onChanged);
    return h(
      page.Row,
      {
        sceneId: scene.scene_id,
        title: h(page.SceneLink, { sceneId: scene.scene_id, title: scene.title }),
        actions: h(Action, { label: t("undo.sync_again"), icon: icons.faRotateRight, onRun: syncAgain }),
      },
      h(page.Muted, null, t("undo.undone"), " ", h(page.Moment, { at: scene.undone_at }))
    );
  }

  /** A field that says what is meant, and a button. */
  function Chooser({ of, onRun, ...input }) {
    const [text, setText] = React.useState("");
    const label = t(`undo.${of}`);
    const onChange = (event) => setText(event.target.value);
    return h(
      page.Line,
      null,
      h(Form.Control, { size: "sm", value: text, placeholder: label, "aria-label": label, onChange, ...input }),
      h(Action, {
        label: t(`undo.preview_${of}`),
        icon: icons.faClockRotateLeft,
        disabled: !text,
        onRun: () => onRun(text),
      })
    );
  }

  page.UndoCards = function ({ status }) {
    const [dialog, undo] = page.useUndo();
    const paged = page.usePaged("undone", {});
    async function act(mode, args) {
      if (await undo(mode, args)) await paged.reload();
    }
    const onChanged = page.useReload(paged);
    page.useFollow(paged, status, (now) => [now.last_success_at, now.pending].join());
    return div(
      h(
        Card,
        { title: t("undo.title") },
        h(page.Help, null, t("undo.help")),
        h(Chooser, {
          of: "scene",
          type: "number",
          min: 1,
          onRun: (text) => act("undo_scene", { scene_id: Number(text) }),
        }),
        h(Chooser, { of: "since", type: "date", onRun: (since) => act("undo_since", { since }) }),
        dialog
      ),
      h(
        Card,
        { title: t("undo.list") },
        h(page.List, {
          paged,
          of: "scenes",
          empty: { title: t("undo.empty") },
          row: (scene) => h(UndoneScene, { key: scene.scene_id, scene, onChanged }),
        })
      )
    );
  };
})();
