/** Line icons, 16 by 16, in the colour of their text. They never stand alone: a word is beside them, or read out. */

const SHAPES = {
  runs: 'M3 4.5h5M3 8h10M3 11.5h7M11 4.5h2',
  pipelines:
    'M4 2.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3ZM12 2.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3ZM12 10.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3ZM5.5 4h5M5.5 4H6a2 2 0 0 1 2 2v4a2 2 0 0 0 2 2h.5',
  tasks: 'M3 3.5h10v9H3zM5.5 8l1.7 1.7L10.5 6.3',
  deliveries: 'M2.5 9.5V12a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V9.5M8 2.5v7M5 6.8l3 3 3-3',
  schedules: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 5v3.2l2.2 1.3',
  queue: 'M2.5 4h11v2.5h-11zM2.5 9.5h11V12h-11z',
  search: 'M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM10 10l3 3',
  sun: 'M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM8 1.8v1.4M8 12.8v1.4M1.8 8h1.4M12.8 8h1.4M3.6 3.6l1 1M11.4 11.4l1 1M3.6 12.4l1-1M11.4 4.6l1-1',
  moon: 'M13 9.3A5.5 5.5 0 0 1 6.7 3a5.5 5.5 0 1 0 6.3 6.3Z',
  system: 'M2.5 3.5h11v7.5h-11zM6 13.5h4M8 11v2.5',
  help: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM6.5 6.4A1.5 1.5 0 1 1 8 8v.9M8 11h.01',
  leave: 'M6.5 2.5h-3v11h3M6.5 8h7M10.8 5.2 13.5 8l-2.7 2.8',
  copy: 'M5.5 5.5h7v8h-7zM10.5 5.5v-3h-7v8h2',
  done: 'M3.5 8.5l3 3 6-7',
  close: 'M4 4l8 8M12 4l-8 8',
  down: 'M4.5 6.5 8 10l3.5-3.5',
  up: 'M4.5 9.5 8 6l3.5 3.5',
  wrap: 'M2.5 4h11M2.5 12h3.5M2.5 8h9a2 2 0 0 1 0 4H8.5M10 10.3 8.3 12l1.7 1.7',
  link: 'M6.8 9.2a2.4 2.4 0 0 0 3.4 0l2-2a2.4 2.4 0 0 0-3.4-3.4l-.8.8M9.2 6.8a2.4 2.4 0 0 0-3.4 0l-2 2a2.4 2.4 0 0 0 3.4 3.4l.8-.8',
  right: 'M6.5 4.5 10 8l-3.5 3.5',
  back: 'M9.5 4.5 6 8l3.5 3.5',
  download: 'M8 2.5v7.5M5 7.2l3 3 3-3M3 13h10',
  rerun: 'M12.5 6A5 5 0 1 0 13 8.5M12.8 2.8V6H9.6',
  stop: 'M4.5 4.5h7v7h-7z',
  play: 'M5 3.5l7 4.5-7 4.5z',
  pause: 'M5.5 4v8M10.5 4v8',
  trash: 'M3 4.5h10M6.5 4V2.8h3V4M4.3 4.5l.6 8.7h6.2l.6-8.7',
  archive: 'M2.5 3.5h11V6h-11zM3.5 6v7h9V6M6.5 8.5h3',
  commit: 'M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM1.8 8h3.7M10.5 8h3.7',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  warning: 'M8 2.8 14 13H2zM8 6.8v2.8M8 11.4h.01',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  plus: 'M8 3.5v9M3.5 8h9',
  minus: 'M3.5 8h9',
} as const

export type IconName = keyof typeof SHAPES

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path
        d={SHAPES[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
