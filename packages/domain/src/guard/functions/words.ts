/** The words of a text, for lists too long to be written one to a line. */
export const words = (text: string): readonly string[] => text.trim().split(/\s+/);
