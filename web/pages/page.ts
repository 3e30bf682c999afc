/**
 * What a page of the console is to the frame around it.
 */
export interface PageView {
  /** For the browser's tab, before the product's name. */
  readonly title: string;
  /** What the tab shows in front of the title. */
  readonly sign?: string;
  readonly body: readonly (HTMLElement | null)[];
}

export interface Page {
  /** Reads what it shows, and makes it. @throws ApiProblem */
  load(signal: AbortSignal): Promise<PageView>;
  /** Whether it is made anew when the gate's figures change. */
  readonly isLive: boolean;
}
