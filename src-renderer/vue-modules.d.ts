// For tools that do not read Vue files themselves (ESLint); vue-tsc takes the types from the file.
declare module '*.vue' {
  import type { Component } from 'vue'
  const component: Component
  export default component
}
