// Retrying and discarding, each with a preview.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, parts, t, api, live } = page;
  const SHOWN = 20;

  function Kept({ count, kept }) {
    if (!count) return null;
    return parts(
      h("p", null, t("retry.kept", { count })),
      h(
        "ul",
        { className: "plexsync-kept" },
        kept.map((job) =>
          h(
            "li",
            { key: job.id },
            t("retry.kept_job", { scene: t("scene.number", { id: job.scene_id || "–" }), reason: job.reason })
          )
        ),
        count > kept.length && h("li", null, t("list.more", { count: count - kept.length }))
      )
    );
  }

  /**
   * Something done to failed jobs: `counted` and `done` are keys of numbers in the reply of `mode`, `texts` begins its
   * texts. Returns [dialog, run]; run takes which jobs are meant, and resolves to whether anything was done.
   */
  function useDecision({ mode, args, counted, done, texts, isDanger }) {
    const [dialog, ask] = page.useConfirm();
    const toasts = page.useToasts();
    const run = React.useCallback(async (meant) => {
      const preview = await api.operation(mode, { ...meant, ...args, dry_run: true });
      const count = preview[counted];
      const isAgreed = await ask({
        title: count ? t(`${texts}.title`, { count }) : t("retry.none"),
        body: parts(
          h("p", null, count ? t(`${texts}.will`, { count }) : preview.reason),
          h(Kept, { count: preview.keep_count, kept: preview.keep.slice(0, SHOWN) })
        ),
        accept: t(`${texts}.accept`, { count }),
        isDanger,
        isRefused: count === 0,
      });
      if (!isAgreed) return false;
      const reply = await api.operation(mode, { ...meant, ...args, dry_run: false });
      toasts.done(t(`${texts}.done`, { count: reply[done] }));
      await live.refresh();
      return true;
    }, []);
    return [dialog, run];
  }

  const RETRY = {
    mode: "retry_failed",
    args: { limit: SHOWN },
    counted: "redrive_count",
    done: "redriven",
    texts: "retry",
  };
  const DISCARD = {
    mode: "discard",
    args: { state: "failed" },
    counted: "discard_count",
    done: "discarded",
    texts: "discard",
    isDanger: true,
  };
  page.useRetry = () => useDecision(RETRY);
  page.useDiscard = () => useDecision(DISCARD);
})();
