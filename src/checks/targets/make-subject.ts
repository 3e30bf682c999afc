/**
 * The two ways to make a route ready to be checked: from its flow, or from its address and a sample.
 */
export { type FlowSubjectInput, subjectOfFlow } from "./subject-of-flow.ts";
export { subjectOfUrl, type UrlSubject } from "./subject-of-url.ts";
