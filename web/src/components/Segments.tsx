/** One of a few, all in sight: a row of radio buttons. */

interface Props<T extends string> {
  readonly name: string;
  readonly legend: string;
  /** The options speak for themselves where they stand. */
  readonly isLegendHidden?: boolean;
  readonly options: readonly T[];
  readonly labels: Readonly<Record<T, string>>;
  readonly chosen: T;
  readonly onChoose: (option: T) => void;
}

export function Segments<T extends string>(props: Props<T>) {
  const { name, legend, isLegendHidden = false, options, labels, chosen, onChoose } = props;
  return (
    <fieldset className="segments">
      <legend className={isLegendHidden ? "visually-hidden" : undefined}>{legend}</legend>
      {options.map((option) => (
        <label key={option} className="segments__item">
          <input
            type="radio"
            name={name}
            value={option}
            checked={option === chosen}
            onChange={() => {
              onChoose(option);
            }}
          />
          <span>{labels[option]}</span>
        </label>
      ))}
    </fieldset>
  );
}
