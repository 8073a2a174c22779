// The example scripts, as they are in the folder scripts/ when the page is built.
const files = import.meta.glob<string>("../../scripts/*.yaml", { query: "?raw", import: "default", eager: true });

export const examples: { name: string; text: string }[] = Object.entries(files).map(([path, text]) => ({
  name: path.slice(path.lastIndexOf("/") + 1),
  text,
}));
