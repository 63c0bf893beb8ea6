// Retrying and discarding, each with a preview of what would happen and why not to the others.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, t, api, live } = page;
  const SHOWN = 20;

  function Kept({ count, kept }) {
    if (!count) return null;
    return h(
      React.Fragment,
      null,
      h("p", null, t("retry.kept", { count })),
      h(
        "ul",
        { className: "plexsync-kept" },
        kept.map((job) => h("li", { key: job.id }, t("retry.kept_job", { scene: t("scene.number", { id: job.scene_id || "–" }), reason: job.reason }))),
        count > kept.length && h("li", null, t("list.more", { count: count - kept.length }))
      )
    );
  }

  /** Returns [the dialog, retry]; `meant` are the arguments that say which. Resolves to whether anything was done. */
  page.useRetry = function () {
    const [dialog, ask] = page.useConfirm();
    const toasts = page.useToasts();
    const retry = React.useCallback(async (meant) => {
      const preview = await api.operation("retry_failed", { ...meant, dry_run: true, limit: SHOWN });
      const count = preview.redrive_count;
      const isAgreed = await ask({
        title: t("retry.title", { count }),
        body: h(
          React.Fragment,
          null,
          h("p", null, count ? t("retry.will", { count }) : preview.reason || t("retry.none")),
          h(Kept, { count: preview.keep_count, kept: preview.keep })
        ),
        accept: t("retry.accept", { count }),
        isRefused: count === 0,
      });
      if (!isAgreed) return false;
      const done = await api.operation("retry_failed", { ...meant, dry_run: false, limit: SHOWN });
      toasts.done(t("retry.done", { count: done.redriven }));
      await live.refresh();
      return true;
    }, []);
    return [dialog, retry];
  };

  /** The same for discarding failed jobs. */
  page.useDiscard = function () {
    const [dialog, ask] = page.useConfirm();
    const toasts = page.useToasts();
    const discard = React.useCallback(async (meant) => {
      const preview = await api.operation("discard", { ...meant, state: "failed", dry_run: true });
      const count = preview.discard_count;
      const isAgreed = await ask({
        title: t("discard.title", { count }),
        body: h(
          React.Fragment,
          null,
          h("p", null, t("discard.will", { count })),
          h(Kept, { count: preview.keep_count, kept: preview.keep.slice(0, SHOWN) })
        ),
        accept: t("discard.accept", { count }),
        isDanger: true,
        isRefused: count === 0,
      });
      if (!isAgreed) return false;
      const done = await api.operation("discard", { ...meant, state: "failed", dry_run: false });
      toasts.done(t("discard.done", { count: done.discarded }));
      await live.refresh();
      return true;
    }, []);
    return [dialog, discard];
  };
})();
