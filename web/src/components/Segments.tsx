/** One of a few, all in sight: a row of radio buttons. */

interface Props<T extends string> {
  readonly name: string;
  readonly legend: string;
  readonly options: readonly T[];
  readonly labels: Readonly<Record<T, string>>;
  readonly chosen: T;
  readonly onChoose: (option: T) => void;
}

export function Segments<T extends string>({ name, legend, options, labels, chosen, onChoose }: Props<T>) {
  return (
    <fieldset className="segments">
      <legend>{legend}</legend>
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
