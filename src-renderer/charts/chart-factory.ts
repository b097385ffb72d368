/** Under this key an application may provide another `ChartFactory`: tests have no canvas. */
export const chartFactoryKey = Symbol('chart-factory')
