// What a panel asks a decoder for, once.

/** The answer to a panel's question; `null` if it is asked already, or another was since. */
export async function answered(panel, question, ask) {
  if (panel.question === question) return null;
  panel.question = question;
  try {
    const answer = await ask();
    return panel.question === question ? answer : null;
  } catch (error) {
    // The next look tries again.
    if (panel.question === question) panel.question = null;
    throw error;
  }
}
