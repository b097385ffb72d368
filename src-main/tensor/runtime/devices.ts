import { describeRuntime, onnxDevices, type OnnxDevice } from './session.ts'

/** How one device of this machine fared. */
export interface DeviceFinding {
  readonly device: OnnxDevice
  /** Why it cannot be used; null if it can. */
  readonly problem: string | null
  /** Median time of the measured program; null if it was not measured. */
  readonly medianMs: number | null
  /** Why a usable device was not measured; null if it was, or if there was nothing to choose. */
  readonly remark: string | null
}

/** The device to use, and why. */
export interface DeviceChoice {
  readonly device: OnnxDevice
  readonly reason: string
}

/** What is measured, in words. */
export const measuredProgram = 'gradient of an MLP 256-256-256-10, batch 256'

/** Devices that the library on this machine knows; whether one is there shows when it is used. */
export const knownDevices = (): OnnxDevice[] => {
  const { providers } = describeRuntime()
  return onnxDevices.filter((device) => providers.includes(device))
}

/** The fastest device, with the figures that say so; the processor where there is nothing to choose. */
export function chooseDevice(findings: readonly DeviceFinding[]): DeviceChoice {
  const usable = findings.filter(({ problem }) => problem === null)
  const timed = usable.flatMap(({ device, medianMs }) =>
    medianMs === null ? [] : { device, medianMs },
  )
  const ranked = timed.toSorted((a, b) => a.medianMs - b.medianMs)
  const [best] = ranked
  if (best === undefined) {
    const remarks = usable.flatMap(({ device, remark }) =>
      remark === null ? [] : `${device} is ${remark}`,
    )
    return { device: 'cpu', reason: remarks.join('; ') || 'the only device' }
  }
  const figures = ranked.map(({ device, medianMs }) => `${device} ${medianMs.toPrecision(2)} ms`)
  return {
    device: best.device,
    reason: `fastest by measurement (${measuredProgram}: ${figures.join(', ')})`,
  }
}
