// The entries of the three shells: a static page, the page of a server, a notebook.

import { Explorer } from "./explorer.js";
import { PageHost, notebookHost, serverHost } from "./hosts.js";
import { onCanvas } from "./pictures.js";
import { Subject } from "./subject.js";

/** Explore in an element of a page what a host has. */
export async function explore(root, host) {
  root.classList.add("keras-latent-explorer");
  root.textContent = "Reading the codes …";
  try {
    const content = await host.load();
    const { atlas } = content.arrays;
    const sprites = onCanvas(await createImageBitmap(new Blob([atlas.data], { type: "image/png" })));
    const explorer = new Explorer(root, host, new Subject(content, sprites));
    root.explorer = explorer;
    await explorer.open();
    return explorer;
  } catch (error) {
    root.textContent = `The explorer can't start: ${error.message}`;
    throw error;
  }
}

/** What the static page and the page of the server call. */
export function explorePage() {
  const root = document.getElementById("explorer");
  const content = document.getElementById("content");
  return explore(root, content ? new PageHost(content.textContent) : serverHost());
}

/** What a notebook calls. */
function render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  explore(root, notebookHost(model));
  return () => root.explorer?.map.close();
}

export default { render };
