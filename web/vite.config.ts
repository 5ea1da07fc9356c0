import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { doubleOfTheApi } from "./dev/double/plugin.ts";

const entry = process.env.STOA_URL ?? "http://127.0.0.1:8420";

/** The licence of the fonts goes where they go; Vite gathers those of scripts alone. */
function fontLicenses(...fonts: string[]): Plugin {
  return {
    name: "font-licenses",
    generateBundle() {
      for (const font of fonts) {
        const source = readFileSync(`node_modules/@fontsource-variable/${font}/LICENSE`, "utf8");
        this.emitFile({ type: "asset", fileName: `licenses-${font}.txt`, source });
      }
    },
  };
}

export default defineConfig(({ mode }) => ({
  plugins: [react(), fontLicenses("instrument-sans", "literata"), mode === "double" ? doubleOfTheApi() : null],
  server: mode === "double" ? {} : { proxy: { "/api": entry } },
  build: {
    outDir: "../src/stoa/api/page",
    emptyOutDir: true,
    // The content security policy is default-src 'self': nothing may be inlined as a data: address.
    assetsInlineLimit: 0,
    target: ["chrome123", "firefox125", "safari17.5"],
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node" },
}));
