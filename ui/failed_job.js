// One failed job: the error, every try, and the choice among candidates.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, box, t, words, icons, Action } = page;

  function Tries({ tries }) {
    return h(
      "ol",
      { className: "plexsync-tries" },
      tries.map((attempt, index) =>
        h(
          "li",
          { key: index },
          h("time", { dateTime: new Date(attempt.at * 1000).toISOString() }, words.clock(attempt.at)),
          " ",
          attempt.error_text
        )
      )
    );
  }

  function LookedFor({ lookedFor }) {
    return box(
      "looked",
      h("h3", null, t("failed.looked_for")),
      h("ul", null, lookedFor.paths.map((path) => h("li", { key: path }, h(page.Path, { path })))),
      page.muted("p", t("failed.looked_in", { libraries: lookedFor.libraries.join(", ") || t("value.none") })),
      h(page.Router.Link, { to: `${page.route}?tab=setup` }, t("failed.check_map"))
    );
  }

  page.Candidates = function ({ job, onChanged }) {
    const [chosen, setChosen] = React.useState(null);
    const { pin } = page.usePin(job.scene_id, onChanged);
    return h(
      "fieldset",
      { className: "plexsync-candidates" },
      h("legend", null, t("failed.which")),
      job.candidates.map((candidate, index) =>
        h(page.Check, {
          key: index,
          type: "radio",
          name: `plexsync-candidate-${job.id}`,
          id: `plexsync-candidate-${job.id}-${index}`,
          disabled: candidate.rating_key === null,
          checked: chosen !== null && chosen === candidate.rating_key,
          onChange: () => setChosen(candidate.rating_key),
          label: h(
            "span",
            null,
            candidate.title,
            " ",
            page.muted("span", candidate.library),
            h(page.Path, { path: candidate.path }),
            ![null, job.scene_id].includes(candidate.scene_id) &&
              page.muted("span", t("failed.owned", { id: candidate.scene_id }))
          ),
        })
      ),
      h(Action, {
        label: t("failed.pin"),
        icon: icons.faThumbtack,
        variant: "primary",
        onRun: () => pin(chosen),
        disabled: chosen === null,
      }),
      page.muted("small", t("failed.pin_help"))
    );
  };

  page.FailedJob = function ({ job, isSelected, onSelect, onRetry, onDiscard, onChanged }) {
    const name = job.title || t("scene.number", { id: job.scene_id || job.id });
    const row = {
      before: h(page.Select, { id: `plexsync-select-${job.id}`, name, checked: isSelected, onChange: onSelect }),
      sceneId: job.scene_id,
      title: [
        h(page.SceneLink, { key: "link", sceneId: job.scene_id, title: job.title }),
        " ",
        h(page.Kind, { key: "kind", errorType: job.error_type }),
      ],
      actions: [
        h(Action, { key: "retry", label: t("failed.retry"), icon: icons.faRotateRight, onRun: onRetry }),
        h(Action, { key: "discard", label: t("failed.discard"), icon: icons.faTrashCan, onRun: onDiscard }),
      ],
    };
    return h(
      page.Row,
      row,
      box("why", job.error_text),
      h(
        page.Muted,
        null,
        job.buried_at && [t("failed.given_up"), " ", h(page.Moment, { key: "at", at: job.buried_at }), " · "],
        t("job.tries", { count: job.attempts })
      ),
      h(page.Path, { path: job.path }),
      job.candidates.length > 0 && h(page.Candidates, { job, onChanged }),
      (job.tries.length > 0 || job.looked_for) &&
        h(page.Fold, { label: t("failed.details") }, () => [
          job.looked_for && h(LookedFor, { key: "looked", lookedFor: job.looked_for }),
          h(Tries, { key: "tries", tries: job.tries }),
        ])
    );
  };
})();
