// Just enough of Stash's own pages for each of PlexSync's patches to show.
import React from "react";
import ReactDOM from "react-dom";
import { BrowserRouter, Link, Route, Switch, useParams } from "react-router-dom";
import { ApolloProvider, gql, useQuery } from "@apollo/client";
import { Nav, Navbar, Tab } from "react-bootstrap";
import { IntlProvider } from "react-intl";
import { client, container, patched, root, Setting, ToastProvider } from "./plugin_api";

const h = React.createElement;
const CONFIGURATION = gql`
  query Configuration {
    configuration {
      plugins
    }
  }
`;

const PluginSettings = patched("PluginSettings", ({ pluginID, settings }) => {
  const { data } = useQuery(CONFIGURATION);
  const values = data?.configuration.plugins[pluginID] ?? {};
  return h(
    "div",
    { className: "plugin-settings" },
    settings.map(({ name, display_name: heading, description }) =>
      h(Setting, { key: name, id: `plugin-${pluginID}-${name}`, heading, subHeading: description }, String(values[name] ?? ""))
    )
  );
});

const MenuItems = patched("MainNavBar.MenuItems", ({ children }) => h(Nav, null, children));
const ToolsSection = container("SettingsToolsSection");
const PluginRoutes = container("PluginRoutes");
const SceneTabs = container("ScenePage.Tabs");
const SceneTabContent = container("ScenePage.TabContent");
const CardOverlays = patched("SceneCard.Overlays", () => h("span", null));

function SettingsPage() {
  const settings = window.hostSettings ?? [];
  const byKey = [...settings].sort((one, other) => (one.name < other.name ? -1 : 1));
  return h(
    "main",
    { id: "settings" },
    h("h1", null, "Settings"),
    h(ToolsSection, null, h(Setting, { heading: "GraphQL playground" })),
    h(ToolsSection, null, h(Setting, { heading: "Scene filename parser" })),
    h(PluginSettings, { pluginID: "PlexSync", settings: byKey }),
    h(PluginSettings, { pluginID: "Another", settings: [{ name: "its", display_name: "Its own" }] })
  );
}

function ScenePage() {
  const { id } = useParams();
  const scene = { id };
  const [tab, setTab] = React.useState("scene-details-panel");
  const details = h(Nav.Item, null, h(Nav.Link, { eventKey: "scene-details-panel" }, "Details"));
  return h(
    "main",
    null,
    h("h1", null, "A scene"),
    h(
      Tab.Container,
      { activeKey: tab, onSelect: setTab },
      h(Nav, { variant: "tabs" }, h(SceneTabs, { scene }, details)),
      h(
        Tab.Content,
        null,
        h(SceneTabContent, { scene }, h(Tab.Pane, { eventKey: "scene-details-panel" }, "Its details"))
      )
    )
  );
}

function ScenesPage() {
  const card = (id) =>
    h("div", { className: "scene-card card", key: id, id: `card-${id}` }, h(CardOverlays, { scene: { id } }));
  return h("main", null, h("h1", null, "Scenes"), ["7", "9", "12", "40"].map(card));
}

function Host() {
  const scenes = h(Nav.Link, { as: "div" }, h(Link, { to: "/scenes", className: "btn minimal" }, "Scenes"));
  return h(
    React.Fragment,
    null,
    h(
      Navbar,
      { className: "top-nav", variant: "dark", bg: "dark", fixed: "top", expand: true },
      h(MenuItems, null, scenes)
    ),
    h(
      "div",
      { className: "main container-fluid" },
      h(
        Switch,
        null,
        h(Route, { exact: true, path: "/" }, h("main", null, h("h1", null, "Home"))),
        h(Route, { path: "/settings", component: SettingsPage }),
        h(Route, { path: "/scenes/:id", component: ScenePage }),
        h(Route, { path: "/scenes", component: ScenesPage }),
        h(Route, null, h("main", null, h(PluginRoutes, null)))
      )
    )
  );
}

function render() {
  const parts = [
    [ApolloProvider, { client }],
    [IntlProvider, { locale: "en" }],
    [BrowserRouter, { basename: root.replace(/\/$/, "") }],
    [ToastProvider, null],
  ];
  const page = parts.reduceRight((inside, [part, props]) => h(part, props, inside), h(Host));
  ReactDOM.render(page, document.getElementById("root"));
}

// The plugins' script is there before Stash's pages are made.
const script = document.createElement("script");
script.src = `${root}plugin/PlexSync/javascript`;
script.onload = render;
document.body.append(script);
