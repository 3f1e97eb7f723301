/**
 * The page's one ornament: a tile shaped like a spoken bubble, set in four directions, after the
 * tiled walls of Brasília. The mark, the empty state, the door and the waiting sign are made of it.
 */

/** A circle that keeps one of its corners. */
const BUBBLE = "M12 0a12 12 0 0 1 0 24H0V12A12 12 0 0 1 12 0Z";
const PITCH = 26;

/** The sign of the app, one tile in another. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path className="mark__outer" d={BUBBLE} />
      <path className="mark__inner" d={BUBBLE} transform="translate(17 7) scale(-0.42 0.42)" />
    </svg>
  );
}

/** A turning tile: something is being made. */
export function Waiting() {
  return (
    <svg className="waiting" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={BUBBLE} />
    </svg>
  );
}

interface WallProps {
  readonly columns: number;
  readonly rows: number;
  /** Fill the place and cut what is over, instead of fitting into it. */
  readonly covers?: boolean;
}

/** A wall of tiles. The pattern is arithmetic, so that it is the same wall each time. */
export function TileWall({ columns, rows, covers = false }: WallProps) {
  const places = Array.from({ length: columns * rows }, (_, place) => ({
    column: place % columns,
    row: Math.floor(place / columns),
  }));
  const viewBox = `-1 -1 ${columns * PITCH} ${rows * PITCH}`;
  return (
    <svg
      className="wall"
      viewBox={viewBox}
      preserveAspectRatio={covers ? "xMidYMid slice" : "xMinYMid meet"}
      aria-hidden="true"
      focusable="false"
    >
      {places.map(({ column, row }) => (
        <g
          key={`${column}.${row}`}
          transform={`translate(${column * PITCH} ${row * PITCH}) rotate(${turn(column, row)} 12 12)`}
        >
          <path
            className={`wall__tile wall__tile--${tone(column, row)}`}
            d={BUBBLE}
            style={{ animationDelay: `${(column + row) * 35}ms` }}
          />
        </g>
      ))}
    </svg>
  );
}

function turn(column: number, row: number): number {
  return ((column * 3 + row * 2 + ((column * row) % 3)) % 4) * 90;
}

function tone(column: number, row: number): string {
  const place = (column * 7 + row * 11 + column * row * 3 + (column ^ row) * 5) % 23;
  if (place === 19) return "sun";
  if (place < 8) return "full";
  return place < 15 ? "soft" : "line";
}
