/** Characters that show nothing or turn the direction of the text around them: in a name they make one thing look like another (A-DCR-12). */
export const hiddenCharacters = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/
