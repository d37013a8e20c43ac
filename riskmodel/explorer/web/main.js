// The start: opens the model that the page carries.

import { Explorer } from "./model.js";
import { Page } from "./page.js";

const data = JSON.parse(document.getElementById("data").textContent);
export const page = new Page(await Explorer.open(data));
