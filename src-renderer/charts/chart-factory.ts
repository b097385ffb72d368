import type { InjectionKey } from 'vue'
import type { ChartFactory } from './create-chart.ts'

/** Replaces what draws charts, for tests without a canvas. */
export const chartFactoryKey: InjectionKey<ChartFactory> = Symbol('chart-factory')
