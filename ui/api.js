// Everything that the page asks of Stash, and of the plugin through Stash.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React } = page;
  const stash = window.PluginApi;
  const { gql } = stash.libraries.Apollo;

  const OPERATION = gql`mutation PlexSyncOperation($plugin_id: ID!, $args: Map!) { runPluginOperation(plugin_id: $plugin_id, args: $args) }`;
  const TASK = gql`mutation PlexSyncTask($plugin_id: ID!, $task_name: String!, $args: Map) {
    runPluginTask(plugin_id: $plugin_id, task_name: $task_name, args_map: $args)
  }`;
  const JOB = gql`query PlexSyncJob($id: ID!) { findJob(input: { id: $id }) { id status progress error } }`;
  const STOP = gql`mutation PlexSyncStop($id: ID!) { stopJob(job_id: $id) }`;
  const LOG = gql`query PlexSyncLog { logs { time message } }`;
  const SETTINGS = gql`query PlexSyncSettings($ids: [ID!]) { configuration { plugins(include: $ids) } }`;
  const CONFIGURE = gql`mutation PlexSyncConfigure($id: ID!, $input: Map!) {
    configurePlugin(plugin_id: $id, input: $input)
  }`;
  const PLUGINS = gql`query PlexSyncPlugins { plugins { id enabled version } }`;
  const ENABLE = gql`mutation PlexSyncEnable($map: BoolMap!) { setPluginsEnabled(enabledMap: $map) }`;

  function client() {
    return stash.utils.StashService.getClient();
  }

  async function mutate(mutation, variables) {
    const reply = await client().mutate({ mutation, variables, fetchPolicy: "no-cache" });
    return reply.data;
  }

  async function query(document, variables) {
    const reply = await client().query({ query: document, variables, fetchPolicy: "no-cache" });
    return reply.data;
  }

  /** Run one of docs/operations.md; throws an Error with the plugin's own sentence. */
  async function operation(mode, args) {
    const data = await mutate(OPERATION, { plugin_id: page.pluginId, args: { mode, quiet: true, ...args } });
    return data.runPluginOperation;
  }

  /** Put a task in Stash's job queue; returns the job's id. */
  async function startTask(name, args) {
    const data = await mutate(TASK, { plugin_id: page.pluginId, task_name: name, args });
    return data.runPluginTask;
  }

  /** {id, status, progress 0..1, error}, or null once Stash has forgotten the job. */
  async function findJob(id) {
    return (await query(JOB, { id })).findJob;
  }

  /** Stash's own log, the newest first, as {time, message}. */
  async function readLog() {
    return (await query(LOG, {})).logs;
  }

  function stopJob(id) {
    return mutate(STOP, { id });
  }

  async function readSettings() {
    const data = await query(SETTINGS, { ids: [page.pluginId] });
    return data.configuration.plugins[page.pluginId] || {};
  }

  /**
   * Change some settings; undefined is the default. Stash replaces the whole map, so all else is written again.
   */
  async function saveSettings(changes) {
    const input = { ...(await readSettings()), ...changes };
    Object.keys(input).forEach((name) => input[name] === undefined && delete input[name]);
    await mutate(CONFIGURE, { id: page.pluginId, input });
    // Stash's own form keeps a copy, and would write it back.
    await client().refetchQueries({ include: ["Configuration"] });
  }

  /** {enabled, version} of the plugin as Stash has it, or null where it is not installed. */
  async function findPlugin() {
    const data = await query(PLUGINS, {});
    return data.plugins.find((plugin) => plugin.id === page.pluginId) || null;
  }

  function enablePlugin() {
    return mutate(ENABLE, { map: { [page.pluginId]: true } });
  }

  /**
   * The answer of an operation, asked when the component appears and whenever `args` change.
   * Returns {data, error, loading, isTurning, reload}; old data stay while new ones are on their way, those of other
   * `args` as well (`isTurning`).
   */
  function useOperation(mode, args, isWanted = true) {
    const key = JSON.stringify([mode, args, isWanted]);
    const [state, setState] = React.useState({ data: null, error: null, loading: isWanted });
    const latest = React.useRef(0);

    const load = React.useCallback(async () => {
      const turn = ++latest.current;
      if (!isWanted) return;
      setState((old) => ({ ...old, loading: true }));
      try {
        const data = await operation(mode, args);
        if (turn === latest.current) setState({ data, key, error: null, loading: false });
      } catch (error) {
        if (turn === latest.current) setState((old) => ({ ...old, error, loading: false }));
      }
    }, [key]);

    React.useEffect(() => {
      load();
      return () => {
        latest.current++;
      };
    }, [load]);
    return { ...state, isTurning: state.loading && state.key !== key, turn: latest.current, reload: load };
  }

  page.api = {
    operation, startTask, findJob, readLog, stopJob, readSettings, saveSettings, findPlugin, enablePlugin,
    useOperation,
  };
})();
