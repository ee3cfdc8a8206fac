/** Asks until the answer is what is wanted; the last answer is the reason when it never is. */
export async function eventually<Answer>(
  ask: () => Promise<Answer>,
  wanted: (answer: Answer) => boolean,
  options: { readonly withinMs: number; readonly everyMs?: number },
): Promise<Answer> {
  const deadline = performance.now() + options.withinMs
  for (;;) {
    const answer = await ask()
    if (wanted(answer)) return answer
    if (performance.now() > deadline) {
      throw new Error(`not within ${options.withinMs} ms; at last: ${JSON.stringify(answer)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 250))
  }
}
