// The steps of Setup that try things.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, box, div, parts, t, api, icons, Action } = page;
  const { Alert } = page.Bootstrap;

  function Checks({ checks }) {
    return h(
      "ul",
      { className: "plexsync-checks" },
      checks.map((check, index) =>
        h(
          "li",
          { key: index, className: check.ok ? "plexsync-ok" : "plexsync-wrong" },
          h(page.Icon, { icon: check.ok ? icons.faCircleCheck : icons.faCircleXmark }),
          h("span", { className: "sr-only" }, t(check.ok ? "check.ok" : "check.wrong")),
          h("strong", null, check.name),
          " ",
          h("span", null, check.detail)
        )
      )
    );
  }

  function Verdict({ isGood, good, bad }) {
    return h(Alert, { variant: isGood ? "success" : "warning" }, isGood ? good : bad);
  }

  function Findings({ result, ...verdict }) {
    if (!result) return null;
    return div(h(Verdict, { isGood: result.ok, ...verdict }), h(Checks, { checks: result.checks }));
  }

  function Folders({ title, folders }) {
    return div(
      h("h3", null, title),
      h("ul", null, folders.map((folder) => h("li", { key: folder }, h("code", null, folder))))
    );
  }

  function RoundTrip({ row }) {
    const isBack = row.back === row.stash_path;
    const verdict = t(!row.found ? "map.not_found" : isBack ? "map.found" : "map.not_back");
    return h(
      page.Row,
      null,
      h(page.Path, { path: row.stash_path }),
      h(page.Path, { path: `→ ${row.plex_path}` }),
      h("div", { className: row.found && isBack ? "text-muted" : "text-warning" }, verdict)
    );
  }

  function RoundTrips({ result }) {
    return div(
      h(Verdict, {
        isGood: result.ok,
        good: t("map.good", { count: result.matched }),
        bad: result.problem || t("map.bad", { matched: result.matched, tried: result.tried }),
      }),
      box(
        "folders",
        h(Folders, { title: t("map.stash_folders"), folders: result.stash_folders }),
        h(Folders, { title: t("map.plex_folders"), folders: result.plex_folders })
      ),
      h(page.Fold, { label: t("map.rows", { count: result.rows.length }) }, () =>
        h(page.Rows, null, result.rows.map((row) => h(RoundTrip, { key: row.scene_id, row })))
      )
    );
  }

  function PathMap({ Step, settings, suggestion, save }) {
    const inForce = settings.path_map.value || "";
    const [text, setText] = page.useKept("path_map", inForce);
    const [result, setResult] = React.useState(null);
    const test = async () => setResult(await api.operation("test_path_map", { path_map: text }));
    const state = settings.path_map.problem || (result && !result.ok) ? "wrong" : result && result.ok ? "done" : "open";
    return h(
      Step,
      { number: 4, title: t("step.map"), state },
      h(page.Help, null, t("map.help")),
      suggestion &&
        suggestion !== inForce &&
        h(
          Alert,
          { variant: "info", className: "plexsync-alert" },
          h("span", null, t("map.suggestion"), " ", h("code", null, suggestion)),
          h(Action, {
            label: t("map.apply"),
            variant: "primary",
            onRun: async () => {
              setText(suggestion);
              await save({ path_map: suggestion });
              setResult(await api.operation("test_path_map", { path_map: suggestion }));
            },
          })
        ),
      h(page.TextField, {
        id: "plexsync-path-map",
        label: t("map.label"),
        value: text,
        onChange: setText,
        placeholder: "/data => /media/movies",
      }),
      h(
        page.Line,
        null,
        h(Action, { label: t("map.test"), icon: icons.faRightLeft, onRun: test }),
        h(Action, {
          label: t("action.save"),
          variant: "primary",
          onRun: () => save({ path_map: text.trim() }),
          disabled: text.trim() === inForce,
        })
      ),
      result && h(RoundTrips, { result })
    );
  }

  function WriteTest({ Step }) {
    const [result, setResult] = React.useState(null);
    const run = async () => setResult(await api.operation("write_test"));
    return h(
      Step,
      { number: 5, title: t("step.write"), state: result ? (result.ok ? "done" : "wrong") : "open" },
      h(page.Help, null, t("write.help")),
      h(Action, { label: t("step.write"), icon: icons.faPen, onRun: run }),
      h(Findings, { result, good: t("write.good"), bad: t("write.bad") })
    );
  }

  /** `Step` is the frame of a step; `save(changes)` writes settings. */
  page.DoctorSteps = function ({ Step, settings, save }) {
    const [health, setHealth] = React.useState(null);
    const run = async () => setHealth(await api.operation("health_check"));
    return parts(
      h(
        Step,
        { number: 3, title: t("step.check"), state: health ? (health.ok ? "done" : "wrong") : "open" },
        h(page.Help, null, t("check.help")),
        h(Action, { label: t("check.run"), icon: icons.faStethoscope, onRun: run }),
        h(Findings, { result: health, good: t("check.good"), bad: t("check.bad") })
      ),
      h(PathMap, { Step, settings, save, suggestion: health ? health.path_map : "" }),
      h(WriteTest, { Step })
    );
  };
})();
