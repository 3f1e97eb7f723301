/** What the reader may set: language, appearance, notices; and the way to the shortcuts. */

import { useState } from "react";

import { canNotify, isBlocked, switchNotices, wantsNotices } from "../chat/desktopNotice";
import { applyTheme, readTheme, THEMES } from "../chat/theme";
import { strings } from "../strings";
import { LanguageChoice } from "./LanguageChoice";
import { Segments } from "./Segments";
import { ShortcutSheet } from "./ShortcutSheet";
import { Switch } from "./Switch";

export function Settings() {
  const [isSheetOpen, setSheetOpen] = useState(false);
  return (
    <>
      <LanguageChoice />
      <ThemeChoice />
      {canNotify() && <NoticeSwitch />}
      <button
        type="button"
        className="link-button settings__shortcuts"
        onClick={() => {
          setSheetOpen(true);
        }}
      >
        {strings.shortcuts.heading}
      </button>
      {isSheetOpen && (
        <ShortcutSheet
          onClose={() => {
            setSheetOpen(false);
          }}
        />
      )}
    </>
  );
}

function ThemeChoice() {
  const [chosen, setChosen] = useState(readTheme);
  return (
    <Segments
      name="theme"
      legend={strings.theme.label}
      options={THEMES}
      labels={strings.theme}
      chosen={chosen}
      onChoose={(theme) => {
        applyTheme(theme);
        setChosen(theme);
      }}
    />
  );
}

/** The browser is asked when the reader switches this on, never before. */
function NoticeSwitch() {
  const [isOn, setOn] = useState(wantsNotices);
  const [isRefused, setRefused] = useState(isBlocked);
  return (
    <Switch
      label={strings.notices.label}
      note={isRefused ? strings.notices.blocked : strings.notices.note}
      isOn={isOn}
      isDisabled={isRefused}
      onSwitch={(wanted) => {
        void switchNotices(wanted).then((result) => {
          setOn(result);
          setRefused(isBlocked());
        });
      }}
    />
  );
}
