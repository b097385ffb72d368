export { createLayout, layoutViews, type Layout, type LayoutEntry } from './layout.ts'
export * from './types.ts'
