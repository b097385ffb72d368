import type { Session, WebContents } from 'electron'

/** Refuses every permission a page may ask for: none is needed. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => {
    answer(false)
  })
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
}

/**
 * Keeps a page on its own origin: no navigation away, no new windows, no embedded pages.
 *
 * @param openOutside - Is given https links that a person clicked.
 */
export function confine(
  contents: WebContents,
  origin: string,
  openOutside: (url: string) => void,
): void {
  const guard = (event: { preventDefault(): void }, url: string) => {
    if (!isOwn(url, origin)) event.preventDefault()
  }
  contents.on('will-navigate', guard)
  contents.on('will-redirect', guard)
  contents.on('will-frame-navigate', (event) => {
    guard(event, event.url)
  })
  contents.on('will-attach-webview', (event) => {
    event.preventDefault()
  })
  contents.setWindowOpenHandler(({ url }) => {
    if (isWebLink(url)) openOutside(url)
    return { action: 'deny' }
  })
}

const isOwn = (url: string, origin: string): boolean =>
  URL.canParse(url) && new URL(url).origin === origin

const isWebLink = (url: string): boolean => URL.canParse(url) && new URL(url).protocol === 'https:'
