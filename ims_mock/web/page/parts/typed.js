// What a field shows.

/** Return a text for a field's `.value`, to be set at each drawing: the field may have been typed into since the last one. */
export const typedText = (text) => new String(text ?? "");
