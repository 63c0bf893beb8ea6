// Where the page meets Stash's own.
// A version of Stash that lacks one of these names ignores the patch.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, parts, t, words, live } = page;
  const { Nav, Tab } = page.Bootstrap;
  const { Link } = page.Router;
  const stash = window.PluginApi;
  const SCENE_TAB = "plexsync-scene-panel";

  function addChild(props, child) {
    return [{ ...props, children: parts(props.children, child) }];
  }

  function BarItem() {
    const { status, isAway } = live.useStatus();
    React.useEffect(() => {
      live.start();
    }, []);
    const isKnown = status && !isAway;
    const waiting = isKnown ? status.pending : 0;
    const [tone, sentence] = isKnown
      ? page.sentence.describe(status)
      : ["idle", t(isAway ? "disabled.title" : "page.loading")];
    return h(
      Nav.Link,
      { as: "div", eventKey: page.route, className: "col-4 col-sm-3 col-md-2 col-lg-auto plexsync-bar" },
      h(
        Link,
        {
          to: page.route,
          title: sentence,
          "aria-label": t("bar.label", { sentence }),
          className:
            "btn minimal p-4 p-xl-2 d-flex d-xl-inline-flex flex-column flex-xl-row justify-content-between align-items-center",
        },
        h("span", { className: `plexsync-dot plexsync-tone-${tone}`, "aria-hidden": true }),
        h("span", null, "PlexSync"),
        waiting > 0 && h("span", { className: "badge badge-pill plexsync-count" }, words.number(waiting))
      )
    );
  }

  let toolsOwner = null;

  /** Stash renders the section twice from v0.29 on: only the first shows the entry. */
  function ToolsEntry() {
    const me = React.useRef({});
    const [isFirst, setFirst] = React.useState(false);
    React.useEffect(() => {
      if (toolsOwner === null) {
        toolsOwner = me.current;
        setFirst(true);
      }
      return () => {
        if (toolsOwner === me.current) toolsOwner = null;
      };
    }, []);
    if (!isFirst) return null;
    const { Setting } = stash.components;
    const button = h(Link, { to: page.route, className: "btn btn-primary" }, "PlexSync");
    return Setting
      ? h(Setting, { heading: button, subHeading: t("tools.help") })
      : h("div", { className: "setting" }, button);
  }

  stash.register.route(page.route, page.Page);
  stash.patch.before("MainNavBar.MenuItems", (props) => addChild(props, h(BarItem, { key: "plexsync" })));
  stash.patch.before("SettingsToolsSection", (props) => addChild(props, h(ToolsEntry, { key: "plexsync" })));

  stash.patch.instead("PluginSettings", function (...received) {
    const next = received[received.length - 1];
    const [props] = received;
    if (props.pluginID !== page.pluginId) return next(...received.slice(0, -1));
    return h(page.OwnForm, { original: next, pluginID: props.pluginID, settings: props.settings });
  });

  stash.patch.before("ScenePage.Tabs", (props) =>
    addChild(props, h(Nav.Item, { key: "plexsync" }, h(Nav.Link, { eventKey: SCENE_TAB }, t("figure.plex"))))
  );
  stash.patch.before("ScenePage.TabContent", (props) =>
    addChild(
      props,
      h(
        Tab.Pane,
        { key: "plexsync", eventKey: SCENE_TAB, transition: false, mountOnEnter: true, unmountOnExit: true },
        // A new scene begins afresh.
        props.scene && h(page.ScenePanel, { key: props.scene.id, sceneId: Number(props.scene.id) })
      )
    )
  );
  stash.patch.after("SceneCard.Overlays", (...received) => {
    const result = received[received.length - 1];
    const { scene } = received[0];
    if (!scene || !page.remembered("badges", false)) return result;
    return parts(result, h(page.CardBadge, { sceneId: Number(scene.id) }));
  });
})();
