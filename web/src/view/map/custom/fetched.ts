/** What a URL answers. Rejects with a line for people when it answers nothing good. */
export async function fetched(url: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new Error(whyNot(error, url));
  }
  if (!response.ok) throw new Error(`${new URL(url).host} answers ${response.status}`);
  return response;
}

/** Why a request came to nothing: of browsers' many words, what the operator can do something about. */
export function whyNot(error: unknown, url: string): string {
  const { status, message } = error as { status?: number; message?: string };
  const { host } = new URL(url);
  if (status) return `${host} answers ${status}`;
  if (error instanceof TypeError || message === "Failed to fetch") {
    return `${host} can't be reached, or does not let pages of other sites ask it (CORS)`;
  }
  return `${host}: ${message ?? error}`;
}
