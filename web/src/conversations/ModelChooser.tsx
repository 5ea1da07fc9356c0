/** Whom to ask: the assistants, which answer from documents, and the models, which answer by themselves. */
import type { Catalog } from "../api/types";
import { Icon } from "../kit/Icon";
import { moveInMenu } from "../kit/Menu";
import { useFloating } from "../kit/useFloating";
import styles from "./ModelChooser.module.css";

interface ModelChooserProps {
  catalog: Catalog | undefined;
  model: string;
  onChoose: (model: string) => void;
}

interface Choice {
  model: string;
  title: string;
  description: string;
}

export function ModelChooser({ catalog, model, onChoose }: ModelChooserProps) {
  const { anchor, button, panel, close } = useFloating("left");
  const choose = (chosen: string) => {
    onChoose(chosen);
    close();
  };
  const groups: [string, Choice[]][] = [
    ["Assistants", catalog?.assistants.map((each) => ({ ...each, title: each.title || each.name })) ?? []],
    ["Models", catalog?.models.filter(isChat).map((each) => ({ ...each, title: each.model })) ?? []],
  ];
  return (
    <span ref={anchor}>
      <button
        type="button"
        className={styles.button}
        aria-haspopup="menu"
        aria-label={`Ask: ${titleOf(catalog, model)}`}
        {...button}
      >
        <span>{titleOf(catalog, model)}</span>
        <Icon name="down" size={14} />
      </button>
      <div role="menu" aria-label="Whom to ask" className={styles.menu} onKeyDown={moveInMenu} {...panel}>
        {groups.map(
          ([name, choices]) =>
            choices.length > 0 && (
              <div key={name} role="group" aria-label={name}>
                <p className={styles.group} aria-hidden="true">
                  {name}
                </p>
                {choices.map((choice) => (
                  <button
                    key={choice.model}
                    type="button"
                    role="menuitemradio"
                    aria-checked={choice.model === model}
                    className={styles.choice}
                    onClick={() => choose(choice.model)}
                  >
                    <span>{choice.title}</span>
                    {choice.model === model && <Icon name="check" size={16} />}
                    {choice.description && <small>{choice.description}</small>}
                  </button>
                ))}
              </div>
            ),
        )}
      </div>
    </span>
  );
}

const isChat = ({ operation }: { operation: string }) => operation === "chat";

/** The assistant's title, the model's name, or the name alone while the catalog is on its way. */
export function titleOf(catalog: Catalog | undefined, model: string): string {
  const assistant = catalog?.assistants.find((each) => each.model === model);
  return assistant?.title || model.replace(/^assistant\//, "") || "…";
}
