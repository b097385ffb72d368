/** Where the integrand has fallen below rounding: e^(−37) < 2⁻⁵³. */
const decay = 37
/** Step of the trapezoid rule. Its error falls as e^(−π²/(a·step²)): below rounding by far. */
const step = 1 / 32

/**
 * The Airy function Ai(x) for real x.
 *
 * Ai(x) = (1/π)·e^(a³/3 − xa)·∫₀^∞ e^(−av²)·cos(v³/3 + (x − a²)v) dv on the line with real part a > 0, here the
 * saddle a = √x where there is one to the right, by the trapezoid rule, which converges geometrically for
 * such integrands. Absolute error below 10⁻¹³ for −14 ≤ x, relative below 10⁻¹³ for x ≥ 0.
 *
 * @see NIST Digital Library of Mathematical Functions, 9.5.4
 */
export function airy(x: number): number {
  const a = Math.sqrt(Math.max(x, 0.25))
  const shift = x - a * a
  const end = Math.sqrt(decay / a)
  let sum = 0.5
  for (let v = step; v < end; v += step) {
    sum += Math.exp(-a * v * v) * Math.cos((v * v * v) / 3 + shift * v)
  }
  return (Math.exp((a * a * a) / 3 - x * a) * sum * step) / Math.PI
}
