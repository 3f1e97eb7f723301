/** Which keys do what: opened by one of them, or from the account menu. */

import { useState } from "react";

import { type Keys, keepSingleKeys, keyNames, readSingleKeys, type Shortcut, SHORTCUTS } from "../chat/shortcuts";
import { strings } from "../strings";
import { Dialog } from "./Dialog";
import { Switch } from "./Switch";
import { IS_MAC } from "./useShortcuts";

export function ShortcutSheet({ onClose }: { readonly onClose: () => void }) {
  const [hasSingleKeys, setSingleKeys] = useState(readSingleKeys);
  return (
    <Dialog heading={strings.shortcuts.heading} onClose={onClose}>
      <dl className="sheet">
        {(Object.entries(SHORTCUTS) as [Shortcut, readonly Keys[]][]).map(([name, ways]) => (
          <div key={name} className="sheet__row">
            <dt>{strings.shortcuts[name]}</dt>
            <dd>
              {ways.map((keys) => (
                <Combination key={keys.key} keys={keys} isOff={!hasSingleKeys && isSingle(keys)} />
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <Switch
        label={strings.shortcuts.singleKeys}
        note={strings.shortcuts.singleKeysNote}
        isOn={hasSingleKeys}
        onSwitch={(isOn) => {
          keepSingleKeys(isOn);
          setSingleKeys(isOn);
        }}
      />
    </Dialog>
  );
}

function isSingle({ key, mod, alt }: Keys): boolean {
  return key.length === 1 && mod === undefined && alt === undefined;
}

function Combination({ keys, isOff }: { readonly keys: Keys; readonly isOff: boolean }) {
  return (
    <span className="sheet__keys" data-off={isOff}>
      {keyNames(keys, IS_MAC).map((name) => (
        <kbd key={name}>{name}</kbd>
      ))}
    </span>
  );
}
