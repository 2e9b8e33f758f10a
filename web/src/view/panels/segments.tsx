interface Props<T extends string> {
  label: string;
  options: readonly { value: T; label: string }[];
  value: T;
  onPick: (value: T) => void;
}

/** A choice of few, all to be seen. */
export function Segments<T extends string>({ label, options, value, onPick }: Props<T>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has a look of its own in every browser
    <div class="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onPick(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
