// Retrying and discarding, each with a preview of what would happen and why not to the others.
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
   * Something that is done to failed jobs: `mode` with `args`, `counted` and `done` the keys of the numbers in its reply,
   * `texts` the beginning of its texts. Returns [the dialog, run]; run takes the arguments that say which jobs are meant,
   * and resolves to whether anything was done.
   */
  function useDecision({ mode, args, counted, done, texts, isDanger }) {
    const [dialog, ask] = page.useConfirm();
    const toasts = page.useToasts();
    const run = React.useCallback(async (meant) => {
      const preview = await api.operation(mode, { ...meant, ...args, dry_run: true });
      const count = preview[counted];
      const isAgreed = await ask({
        title: t(`${texts}.title`, { count }),
        body: parts(
          h("p", null, count ? t(`${texts}.will`, { count }) : preview.reason || t("retry.none")),
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
