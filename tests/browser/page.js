// What the tests do inside JupyterLab's page, where its application object is: lab.py calls these.
window.harness = (() => {
  const OUTPUT = ":scope > .jp-OutputArea-child > .jp-OutputArea-output";
  const runs = new Set(); // the promises of cells that were started and have not ended
  let watches = [];

  const app = () => window.jupyterapp;
  const panel = () => [...app().shell.widgets("main")].find((w) => w.context && w.sessionContext);
  const kernel = () => panel().sessionContext.session?.kernel;
  const cell = (index) => panel().content.widgets[index];
  const command = (name, args) => app().commands.execute(name, args);

  async function until(condition, what, seconds = 30) {
    const end = performance.now() + seconds * 1000;
    while (!condition()) {
      if (performance.now() > end) throw new Error(`after ${seconds} s still not: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  // Commands act on the active cell of the current widget, which another view may have become.
  function select(index) {
    app().shell.activateById(panel().id);
    panel().content.deselectAll();
    panel().content.activeCellIndex = index;
  }

  async function ready() {
    await until(() => app(), "JupyterLab's application is there");
    await app().restored;
    await until(() => panel(), "the notebook is open");
    await panel().context.ready;
    await panel().revealed;
    app().shell.collapseLeft();
    await until(() => kernel() && kernel().connectionStatus === "connected", "a kernel is connected");
  }

  async function idle(seconds) {
    await until(() => runs.size === 0, "all cells have ended", seconds);
    await until(() => kernel()?.status === "idle", "the kernel is idle", seconds);
  }

  function run(index) {
    select(index);
    const ended = command("notebook:run-cell").finally(() => runs.delete(ended));
    runs.add(ended);
  }

  async function restart() {
    await panel().sessionContext.restartKernel();
    await idle(30);
  }

  async function theme(name) {
    await command("apputils:change-theme", { theme: name });
    await until(
      () => document.body.dataset.jpThemeName === name && !document.querySelector("#jupyterlab-splash"),
      `the theme is ${name}`,
    );
  }

  // bqplot lays a figure out anew 100 ms after the last change of its size.
  async function settled() {
    const sizes = () => [...document.querySelectorAll(".bqplot")]
      .map((element) => Math.round(element.getBoundingClientRect().width)).join();
    let last = sizes(), since = performance.now();
    await until(() => {
      if (last !== (last = sizes())) since = performance.now();
      return performance.now() - since > 400;
    }, "the figures keep their width");
  }

  async function evaluate(expression) {
    const request = kernel().requestExecute({
      code: "",
      silent: true,
      store_history: false,
      user_expressions: { value: expression },
    });
    return (await request.done).content.user_expressions.value;
  }

  // One record for each batch of `attribute` writes to what `selector` finds. bqplot writes all
  // lines of a figure in one animation frame, so that a batch is a redraw of one figure.
  function watch(selector, attribute) {
    const times = [];
    new MutationObserver((records) => {
      if (records.some((record) => record.target.matches(selector))) times.push(performance.now());
    }).observe(document.body, { attributes: true, attributeFilter: [attribute], subtree: true });
    return watches.push(times) - 1;
  }

  return {
    ready, idle, run, restart, theme, settled, evaluate, watch,
    times: (index) => watches[index],
    save: () => panel().context.save(),
    async newView(index) {
      select(index);
      await command("notebook:create-output-view");
    },
    interrupt: () => kernel().interrupt(),
    text: (index) => // without the prompts that are beside it
      [...cell(index).outputArea.node.querySelectorAll(OUTPUT)].map((o) => o.innerText).join("\n"),
    errors: (index) =>
      cell(index).model.outputs.toJSON().filter((output) => output.output_type === "error")
        .map((output) => `${output.ename}: ${output.evalue}`),
  };
})();
