/**
 * The two ways to make a route ready to be checked: from its flow, or from its address and a sample.
 */
export { subjectOfFlow } from "./subject-of-flow.ts";
export { subjectOfUrl } from "./subject-of-url.ts";
