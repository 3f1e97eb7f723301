/** Before the first word: a wall of tiles, and four ways to begin. */

import { strings } from "../strings";
import { TileWall } from "./Tiles";

export function EmptyState({ onPick }: { readonly onPick: (prompt: string) => void }) {
  return (
    <div className="empty">
      <div className="empty__wall">
        <TileWall columns={12} rows={3} />
      </div>
      <h2>{strings.empty.heading}</h2>
      <p>{strings.empty.note}</p>
      <ul className="empty__ways" aria-label={strings.empty.suggestionsLabel}>
        {strings.empty.suggestions.map(({ label, prompt }) => (
          <li key={label}>
            <button
              type="button"
              className="way"
              onClick={() => {
                onPick(prompt);
              }}
            >
              <span className="way__label">{label}</span>
              <span className="way__prompt">{prompt}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
