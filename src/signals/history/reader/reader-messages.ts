/**
 * What the main thread and the reader's thread say to each other: one question, one answer, by number.
 */
import type { HistoryQuestions } from "./history-questions.ts";

/** The names of the questions; each is a method of `HistoryQuestions`. */
export type QuestionName = Exclude<keyof HistoryQuestions, "constructor">;

export interface ReaderStart {
  readonly path: string;
}

export interface AskedQuestion {
  readonly number: number;
  readonly name: QuestionName;
  readonly argument: unknown;
}

/** `failure`: the error's words where there is no answer. */
export interface GivenAnswer {
  readonly number: number;
  readonly value: unknown;
  readonly failure: string | null;
}
