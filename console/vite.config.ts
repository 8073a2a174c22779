import { defineConfig } from "vite";

// The files are served below /_emulator/console/, each under a name with the digest of its content.
export default defineConfig({
  base: "/_emulator/console/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../llemulator_addon/adapters/console/static",
    emptyOutDir: true,
    assetsDir: "",
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
    // One script has all that the first view needs: each file more is a request more, and a module more to link.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "page", tags: ["$initial"] }] } } },
  },
});
