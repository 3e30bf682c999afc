/**
 * Where the page begins.
 */
import { startFrame } from "./frame.ts";
import { startKeyboard } from "./keyboard.ts";
import { interceptLinks } from "./navigate.ts";
import { startAges } from "./server-clock.ts";
import { startTooltips } from "./tooltip.ts";

interceptLinks();
startKeyboard();
startAges();
startTooltips();
await startFrame();
