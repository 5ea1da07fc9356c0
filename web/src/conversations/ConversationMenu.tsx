import type { Conversation } from "../api/types";
import { Menu, MenuItem, MenuLink } from "../kit/Menu";

interface ConversationMenuProps {
  conversation: Conversation;
  onRename: () => void;
  onDelete: () => void;
}

export function ConversationMenu({ conversation: { id, title }, onRename, onDelete }: ConversationMenuProps) {
  const exported = (format: string) => `/api/conversations/${id}/export?format=${format}`;
  return (
    <Menu label={`Actions for ${title}`}>
      <MenuItem icon="edit" onSelect={onRename}>
        Rename
      </MenuItem>
      <MenuLink icon="download" href={exported("markdown")}>
        Export as Markdown
      </MenuLink>
      <MenuLink icon="download" href={exported("json")}>
        Export as JSON
      </MenuLink>
      <MenuItem icon="remove" danger onSelect={onDelete}>
        Delete
      </MenuItem>
    </Menu>
  );
}
