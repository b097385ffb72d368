import type { PrimitiveParams } from '#tensor/program'
import { geluPolynomial, logisticPolynomial, tanhPolynomial } from '#tensor/runtime'
import type { Tensor, TensorflowBackend } from './backend.ts'

type Derivative = (
  tf: TensorflowBackend,
  inputs: readonly Tensor[],
  params: PrimitiveParams['tanh'],
) => Tensor

/** Horner's scheme; coefficients from the lowest power. */
const evaluate = (tf: TensorflowBackend, coefficients: readonly number[], x: Tensor): Tensor =>
  coefficients.reduceRight<Tensor>(
    (value, coefficient) => tf.add(tf.mul(value, x), coefficient),
    tf.zerosLike(x),
  )

/** tanh⁽ⁿ⁾, a polynomial in tanh. */
export const tanh: Derivative = (tf, [x], { order }) => {
  const value = tf.tanh(x!)
  return order === 0 ? value : evaluate(tf, tanhPolynomial(order), value)
}

/** σ⁽ⁿ⁾, a polynomial in σ. */
export const logistic: Derivative = (tf, [x], { order }) => {
  const value = tf.sigmoid(x!)
  return order === 0 ? value : evaluate(tf, logisticPolynomial(order), value)
}

/** log(1 + eˣ), whose derivative is σ. */
export const softplus: Derivative = (tf, inputs, { order }) =>
  order === 0 ? tf.softplus(inputs[0]!) : logistic(tf, inputs, { order: order - 1 })

/** x·Φ(x) and its derivatives, with φ and Φ the normal density and distribution. */
export const gelu: Derivative = (tf, [x], { order }) => {
  const cumulative = (): Tensor => tf.add(tf.mul(tf.erf(tf.mul(x!, Math.SQRT1_2)), 0.5), 0.5)
  const density = (): Tensor =>
    tf.mul(tf.exp(tf.mul(tf.square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI))
  if (order === 0) return tf.mul(x!, cumulative())
  if (order === 1) return tf.add(cumulative(), tf.mul(x!, density()))
  return tf.mul(density(), evaluate(tf, geluPolynomial(order), x!))
}

/** max(x, 0), its step, then zero. */
export const relu: Derivative = (tf, [x], { order }) => {
  if (order === 0) return tf.relu(x!)
  return order === 1 ? tf.cast(tf.greater(x!, 0), 'float32') : tf.zerosLike(x!)
}
