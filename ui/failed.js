// The tab Failed: what was given up, and what to do about it.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, box, parts, t, words, icons, Action, Card } = page;
  const { Button } = page.Bootstrap;

  function KindFilter({ byType, value, onChange }) {
    const kinds = Object.keys(byType).sort();
    if (value && !kinds.includes(value)) kinds.push(value);
    const named = kinds.map((kind) => [
      kind,
      t("failed.kind_count", { kind: words.kind(kind), count: byType[kind] || 0 }),
    ]);
    const choices = [["", t("failed.all_kinds")], ...named];
    return h(page.Choice, { choices, value, onChange, "aria-label": t("failed.kind") });
  }

  function SelectionBar({ selection, jobs, count, onRetry, onDiscard }) {
    const ids = jobs.map((job) => job.id);
    const isPageSelected = ids.every(selection.has);
    const selected = selection.isAll ? count : selection.ids.size;
    return box(
      "selection",
      h(page.Check, {
        id: "plexsync-select-page",
        label: t("failed.select_page"),
        checked: isPageSelected,
        onChange: () => selection.toggle(ids, !isPageSelected),
      }),
      h("span", { role: "status", className: "text-muted" }, selected ? t("failed.selected", { count: selected }) : ""),
      isPageSelected &&
        !selection.isAll &&
        count > ids.length &&
        h(Button, { variant: "link", size: "sm", onClick: selection.selectAll }, t("failed.select_all", { count })),
      box(
        "row-actions",
        h(Action, {
          label: t("failed.retry_selected"),
          icon: icons.faRotateRight,
          onRun: onRetry,
          disabled: !selected,
        }),
        h(Action, {
          label: t("failed.discard_selected"),
          icon: icons.faTrashCan,
          variant: "danger",
          onRun: onDiscard,
          disabled: !selected,
        })
      )
    );
  }

  function FailedList({ paged, filter, isFiltered }) {
    const selection = page.useSelection(JSON.stringify(filter));
    const [retryDialog, retry] = page.useRetry();
    const [discardDialog, discard] = page.useDiscard();
    const { jobs, count } = paged.data;

    const onChanged = page.useReload(paged);
    const meant = () => (selection.isAll ? filter : { ids: [...selection.ids] });
    const run = (act, arguments_) => async () => {
      if (await act(arguments_())) {
        selection.clear();
        await onChanged();
      }
    };

    if (jobs.length === 0 && paged.first === 1) {
      return isFiltered
        ? h(page.Empty, { title: t("search.nothing"), icon: icons.faMagnifyingGlass })
        : h(page.Empty, { title: t("failed.empty"), text: t("failed.empty_text") });
    }
    return parts(
      h(SelectionBar, { selection, jobs, count, onRetry: run(retry, meant), onDiscard: run(discard, meant) }),
      h(
        page.Rows,
        { isBusy: paged.loading },
        jobs.map((job) =>
          h(page.FailedJob, {
            key: job.id,
            job,
            isSelected: selection.has(job.id),
            onSelect: (isOn) => selection.toggle([job.id], isOn),
            onRetry: run(retry, () => ({ ids: [job.id] })),
            onDiscard: run(discard, () => ({ ids: [job.id] })),
            onChanged,
          })
        )
      ),
      h(page.Pager, { paged, shown: jobs.length }),
      retryDialog,
      discardDialog
    );
  }

  page.FailedView = function ({ status }) {
    const [text, setText] = React.useState("");
    const [errorType, setErrorType] = React.useState("");
    const search = page.useSettled(text);
    const filter = { ...(search && { search }), ...(errorType && { error_type: errorType }) };
    const paged = page.usePaged("jobs", { state: "failed", ...filter });
    const total = (data) => Object.values(data.by_type).reduce((sum, count) => sum + count, 0);
    const isOld = (now, data) => !search && total(data) !== now.dead_letters;
    page.useFollow(paged, status, (now) => now.dead_letters, isOld);

    const aside = parts(
      h(KindFilter, { byType: paged.data ? paged.data.by_type : {}, value: errorType, onChange: setErrorType }),
      h(page.Search, { value: text, onChange: setText, label: t("search.label") })
    );
    return h(
      Card,
      { title: t("failed.title"), aside },
      h(page.Outcome, { answer: paged }, () =>
        h(FailedList, { paged, filter, isFiltered: Boolean(search || errorType) })
      )
    );
  };
})();
