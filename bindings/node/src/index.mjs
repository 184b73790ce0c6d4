export { History, getLoadablePath, load } from "./index.js";
