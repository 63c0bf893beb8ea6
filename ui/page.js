// The page itself: its tabs stand in the address, so that each can be linked.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, parts, t, words, api, live, Action } = page;
  const { Alert, Badge, Nav, Tab } = page.Bootstrap;
  const TABS = {
    status: "StatusView",
    waiting: "WaitingView",
    failed: "FailedView",
    activity: "ActivityView",
    outages: "OutagesView",
    compare: "CompareView",
    setup: "SetupView",
  };

  /** One view's fault must not take Stash's whole page with it. */
  class Boundary extends React.Component {
    constructor(props) {
      super(props);
      this.state = { error: null };
    }
    static getDerivedStateFromError(error) {
      return { error };
    }
    componentDidCatch(error) {
      console.error("PlexSync", error);
    }
    render() {
      if (!this.state.error) return this.props.children;
      return h(page.Failure, { error: new Error(t("error.view")), onRetry: () => this.setState({ error: null }) });
    }
  }

  function Disabled() {
    async function enable() {
      await api.enablePlugin();
      await live.refresh();
    }
    return h(page.Empty, {
      icon: page.icons.faPlug,
      title: t("disabled.title"),
      text: parts(
        h("span", null, t("disabled.text")),
        h("div", { className: "mt-3" }, h(Action, { label: t("disabled.enable"), variant: "primary", onRun: enable }))
      ),
    });
  }

  function Version({ version }) {
    if (!version || version === page.version) return null;
    return h(
      Alert,
      { variant: "warning", className: "plexsync-alert" },
      h("span", null, t("version.differs", { plugin: version, page: page.version })),
      h(page.Plain, { onClick: () => window.location.reload() }, t("version.reload"))
    );
  }

  function TabLink({ name, count, isUrgent }) {
    return h(
      Nav.Item,
      null,
      h(
        Nav.Link,
        { eventKey: name },
        t(`tab.${name}`),
        count > 0 && h(Badge, { pill: true, variant: isUrgent ? "danger" : "secondary" }, words.number(count))
      )
    );
  }

  function Content({ state, View }) {
    if (state.isAway) return h(Disabled);
    if (View === "StatusView" && !state.status)
      return state.error ? h(page.Failure, { error: state.error, onRetry: live.refresh }) : h(page.Loading);
    return parts(
      state.error && h(page.Failure, { error: state.error, onRetry: live.refresh }),
      h(Boundary, { key: View }, h(page[View], { status: state.status }))
    );
  }

  page.Page = function () {
    const history = page.Router.useHistory();
    const location = page.Router.useLocation();
    const state = live.useStatus();
    const asked = new URLSearchParams(location.search).get("tab");
    const tab = TABS[asked] ? asked : "status";
    const status = state.status;

    React.useEffect(() => {
      live.start();
    }, []);
    React.useEffect(() => {
      const before = document.title;
      document.title = `${t(`tab.${tab}`)} · PlexSync`;
      return () => void (document.title = before);
    }, [tab]);

    return h(
      "div",
      { className: "plexsync plexsync-page" },
      h("h1", null, "PlexSync"),
      h(Version, { version: status && status.version }),
      h(
        Tab.Container,
        { id: "plexsync-tabs", activeKey: tab, onSelect: (name) => history.push(`${page.route}?tab=${name}`) },
        h(
          Nav,
          { variant: "tabs", "aria-label": t("page.tabs") },
          Object.keys(TABS).map((name) =>
            h(TabLink, {
              key: name,
              name,
              count: status ? { waiting: status.pending, failed: status.dead_letters }[name] : 0,
              isUrgent: name === "failed",
            })
          )
        ),
        h(
          Tab.Content,
          null,
          h(Tab.Pane, { eventKey: tab, key: tab, transition: false }, h(Content, { state, View: TABS[tab] }))
        )
      )
    );
  };
})();
