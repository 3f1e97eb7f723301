/** The page's few line icons, drawn on a 20 px grid. Decorative: the button carries the name. */

const PATHS = {
  again: "M4.5 10a5.5 5.5 0 1 1 1.6 3.9M4.5 17v-3.2h3.2",
  check: "m4.5 10.5 3.7 3.7 7.3-8",
  close: "m5.5 5.5 9 9m0-9-9 9",
  copy: "M7.5 7.5h8v8h-8zM4.5 12.5v-8h8",
  down: "M10 4.5v11m-4.5-4.5 4.5 4.5 4.5-4.5",
  download: "M10 4v8.5m-4-4 4 4 4-4M4.5 16h11",
  menu: "M3.5 6.5h13M3.5 10h13M3.5 13.5h8",
  more: "M4.7 10h.1m5.1 0h.2m5.1 0h.1",
  next: "m8 5.5 4.5 4.5L8 14.5",
  panel: "M3.5 4.5h13v11h-13zM8 4.5v11",
  pencil: "m4 16 .8-3.4L13.4 4l2.6 2.6-8.6 8.6zM11.6 5.8l2.6 2.6",
  plus: "M10 4.5v11M4.5 10h11",
  previous: "M12 5.5 7.5 10l4.5 4.5",
  search: "M8.7 4.2a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM12 12l4 4",
  send: "M10 15.5v-11M5.5 9 10 4.5 14.5 9",
  trash: "M4.5 6h11M8 6V4.2h4V6m-6.3 0 .7 9.8h7.2l.7-9.8",
  warning: "M10 4 17 16H3zM10 8.5v3.5m0 1.8v.4",
} as const;

export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
