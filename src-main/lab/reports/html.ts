/** Text that is HTML already; only {@link html} and {@link trusted} make it. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What may stand in a template: text is escaped, HTML is not, lists are joined. */
export type HtmlPart = string | number | Html | null | readonly HtmlPart[]

const replacements: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escape = (text: string): string =>
  text
    // XML and HTML have no place for other control characters.
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\ufffd')
    .replace(/[&<>"']/g, (character) => replacements[character] ?? character)

function render(part: HtmlPart): string {
  if (part === null) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'number') return String(part)
  if (typeof part === 'string') return escape(part)
  return part.map(render).join('')
}

/** HTML from a template; every value put into it is escaped unless it is HTML itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(strings.reduce((text, piece, i) => text + render(parts[i - 1] ?? null) + piece))
}

/** HTML that this folder made itself and that holds no text from outside unescaped. */
export const trusted = (text: string): Html => new Html(text)
