/** Which language the page speaks. The root draws everything again when it changes. */

import { chooseLanguage, useLanguage } from "../chat/language";
import { LANGUAGE_NAMES, LANGUAGES, strings } from "../strings";
import { Segments } from "./Segments";

export function LanguageChoice({ isLabelHidden = false }: { readonly isLabelHidden?: boolean }) {
  const language = useLanguage();
  return (
    <Segments
      name="language"
      legend={strings.languages.label}
      isLegendHidden={isLabelHidden}
      options={LANGUAGES}
      labels={LANGUAGE_NAMES}
      chosen={language}
      onChoose={chooseLanguage}
    />
  );
}
