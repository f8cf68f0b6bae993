const words = (text: string) => text.trim().split(/\s+/);

/** Names for the addresses of wallet users who are not customers, where the merchant's export has no names; in lower case. */
export const firstNames = words(`
  ada adam agnes alan alma amir anna anton bianca boris clara dario diego edith elena emil erika felix flora frank gina hana hugo
  igor irene ivan jana jonas julia kenji laura leo lena lucia marco maria maya mei milo nadia nina noah olaf olga omar petra pablo
  rosa ravi sara simon sofia theo vera victor yuki zoe`);
export const lastNames = words(`
  abbott archer baker banks barlow bishop carver chandler cole cooper dalton dyer ellis falkner fisher fletcher fowler garner
  glover harper hawkins hooper hunter irving kemp lambert larkin mercer miller nash norris osborn palmer parker porter quill
  reeve ryder sawyer shepherd skinner slater sumner tanner thatcher turner vance walker weaver wheeler wright yates`);
