import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'
import { resolve } from 'node:path'

const at = (path: string) => resolve(import.meta.dirname, path)

// electron-vite looks in src/main, src/preload and src/renderer by default; the house has other rooms.
export default defineConfig({
  main: {
    build: {
      outDir: at('out/main'),
      rolldownOptions: { input: { 'electron-main': at('src-main/entries/electron-main.ts') } },
    },
  },
  preload: {
    build: {
      outDir: at('out/preload'),
      rolldownOptions: {
        input: { preload: at('src-main/entries/preload.ts') },
        // A sandboxed preload is loaded as CommonJS.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('src-renderer'),
    base: './',
    plugins: [vue()],
    build: {
      outDir: at('out/renderer'),
      // The server's policy allows fonts and styles from files only, never from data: addresses.
      assetsInlineLimit: 0,
      minify: true,
      rolldownOptions: { input: at('src-renderer/index.html') },
    },
  },
})
