import type { ErrorCodeRow } from "../error-code-row.ts";

/** Errors of the stage `setup`. Codes are never renamed once published, only retired. */
export const SETUP_CODES = {
  SETTINGS_INVALID: {
    status: 500,
    title: "The settings do not load",
    retry: "never",
    meaning: "sluicegate.yaml has the problems that are listed with line and column.",
    remedy: "Mend the lines named.",
  },
  FLOW_INVALID: {
    status: 500,
    title: "A flow does not load",
    retry: "never",
    meaning: "A flow file has the problems that are listed with line and column.",
    remedy: "Mend the lines named; sluicegate lint lists all of them.",
  },
  FLOW_OVERLAP: {
    status: 500,
    title: "Two flows could match one request",
    retry: "never",
    meaning: "The same method and paths that can be equal: the gate could not tell which flow decides.",
    remedy: "Change the path or the method of one of the two flows named.",
  },
  FLOWS_NONE: {
    status: 500,
    title: "There are no flows",
    retry: "never",
    meaning:
      "The flows folder is missing or empty, or something in it looks like a flow and is none. Only a warning.",
    remedy: "Write FLOW/flow.yaml in the flows folder, or draft some with sluicegate init.",
  },
  FLOW_REVIEW: {
    status: 500,
    title: "Something about a flow is legal, and unwise",
    retry: "never",
    meaning:
      "A flow loads, and has what a reviewer would ask about; the rule that was found is named. Only a warning.",
    remedy:
      "Write the line that the warning names, or leave it as it is and know why; docs/review.md has every rule.",
  },
  WAIVERS_INVALID: {
    status: 500,
    title: "The waivers of a flow cannot be used",
    retry: "never",
    meaning:
      "waivers.yaml in the flow's folder has the problems that are listed, or a waiver that was to be added is not one.",
    remedy: "Mend the lines named: a check's id, a day at most 180 days ahead, a reason and an owner.",
  },
  RECORDED_ANSWER_INVALID: {
    status: 500,
    title: "The recorded answer of a flow cannot be used",
    retry: "never",
    meaning:
      "A file below expected/ in the flow's folder cannot be read, or the answers are none that could be recorded.",
    remedy: "Record it again with sluicegate record, or mend the file named.",
  },
  FLOW_UNKNOWN: {
    status: 404,
    title: "There is no such flow",
    retry: "never",
    meaning: "No folder below flows/ has this name.",
    remedy: "Use one of the names that sluicegate lint lists.",
  },
  SAMPLE_MISSING: {
    status: 500,
    title: "There is no file to check the route with",
    retry: "never",
    meaning: "A check sends a file that the route must take; none was named, found or could be made.",
    remedy:
      "Put a small valid file into the flow's samples/ folder, name one under verify.samples, or give --sample.",
  },
  CHECK_TARGET_INVALID: {
    status: 500,
    title: "This cannot be checked",
    retry: "never",
    meaning: "The URL, the header or the field that was given does not say what to send where.",
    remedy: "Give an http or https URL of the upload route, such as --url http://127.0.0.1:8000/upload.",
  },
  OPENAPI_INVALID: {
    status: 500,
    title: "The OpenAPI document cannot be read",
    retry: "never",
    meaning: "The document is not reachable, not JSON or YAML, or not OpenAPI 3.",
    remedy: "Give the URL or file of the service's OpenAPI document.",
  },
  OPERATOR_UNREACHABLE: {
    status: 500,
    title: "The gate's operator port does not answer",
    retry: "later",
    meaning: "No gate runs with these settings, or its operator port is elsewhere.",
    remedy: "Start the gate, or say --operator.",
  },
  OPERATOR_TOKEN_INVALID: {
    status: 401,
    title: "The operator's token is missing or wrong",
    retry: "never",
    meaning: "Changing a running gate needs the token of its data folder.",
    remedy: "Run the command on the gate's machine with the gate's settings.",
  },
  RECORDS_MISSING: {
    status: 500,
    title: "There are no records yet",
    retry: "never",
    meaning:
      "The records database that the settings name does not exist: no gate has run with these settings.",
    remedy: "Start the gate once, or name its settings file.",
  },
  RECORDS_NEWER: {
    status: 500,
    title: "The records were written by a newer version",
    retry: "never",
    meaning: "The records database has a layout that this version does not know; it was left untouched.",
    remedy: "Run the newer version again, or name another records database.",
  },
  RECORDS_DAMAGED: {
    status: 500,
    title: "The records database is damaged",
    retry: "never",
    meaning:
      "The file is no database, or its parts do not fit together: something other than the gate has written into it, or its disk has lost what it held.",
    remedy:
      "Restore it from a backup. To start without it, move it and its -wal and -shm files away: what it knew of uploads, keys and deliveries is then unknown.",
  },
  CHECK_CREDENTIAL_MISSING: {
    status: 500,
    title: "A credential to check with is missing",
    retry: "never",
    meaning:
      "The flow names where the credential of a sender is, and there is none there, or none that a header could hold.",
    remedy: "Set the environment variable, or mend the file or the command, that verify.credentials names.",
  },
  CHECK_COMMAND_FAILED: {
    status: 500,
    title: "A command of the flow failed",
    retry: "never",
    meaning:
      "A command under verify of the flow file could not be run, took too long, printed too much or failed.",
    remedy: "Run the command by hand in the flow's folder, and mend it.",
  },
  CHECK_COMMAND_OUTPUT: {
    status: 500,
    title: "A command of the flow printed something else than it should",
    retry: "never",
    meaning:
      "What a command under verify of the flow file printed is not of the form that is expected of it.",
    remedy:
      "Let the command print what is expected; sluicegate's documentation of the flow file says what that is.",
  },
  STORAGE_UNUSABLE: {
    status: 500,
    title: "The storage folder cannot be used",
    retry: "never",
    meaning:
      "Quarantine and store cannot be made or written below the storage path, or lie on two file systems, so that a release could not be one move.",
    remedy: "Name a writable folder whose quarantine and store are on one file system.",
  },
  CHECK_RUN_INVALID: {
    status: 500,
    title: "The file is not a run of checks",
    retry: "never",
    meaning:
      "A file that was given as an earlier run, or to send something again from, cannot be read as one.",
    remedy:
      "Name a file that sluicegate check --report json wrote, with this version or one of the same format.",
  },
  CHECK_RUNS_UNWRITABLE: {
    status: 500,
    title: "Runs of checks cannot be kept",
    retry: "never",
    meaning: "The folder .sluicegate, where runs and their evidence are kept, cannot be made or written.",
    remedy: "Start the command in a folder that can be written.",
  },
  REPORT_UNWRITABLE: {
    status: 500,
    title: "A report cannot be written",
    retry: "never",
    meaning:
      "The folder for reports cannot be made or written, or its disk is full. What was found is not lost: the run's own file has it.",
    remedy: "Name another folder with --out, or make room.",
  },
  CHANGE_INVALID: {
    status: 500,
    title: "A change record cannot be used",
    retry: "never",
    meaning:
      "A file below changes/ in a flow's folder has the problems that are listed with line and column, or what was asked does not fit what it says.",
    remedy: "Mend the lines named; sluicegate change check lists all of them.",
  },
  CHANGE_UNKNOWN: {
    status: 404,
    title: "There is no such change record",
    retry: "never",
    meaning: "No file below changes/ of any flow has this number, or several have it.",
    remedy: "Use a number that sluicegate change list shows, with --flow where two flows have it.",
  },
  CHANGE_EVIDENCE: {
    status: 500,
    title: "The figures for a change record are not there, or are not what was measured",
    retry: "never",
    meaning:
      "A record is filled from what sluicegate measure and sluicegate compare have kept below .sluicegate alone; that is missing, damaged or of another flow.",
    remedy: "Measure or compare again in this folder, and name the id that the command prints.",
  },
  ROLLBACK_FAILED: {
    status: 500,
    title: "The way back could not be gone",
    retry: "never",
    meaning: "No shell could be started in the flow's folder, so rollback.command of the flow was not run.",
    remedy: "Run the command by hand, or take the gate out of the way: sluicegate mode FLOW observe, or off.",
  },
  MEASURE_NOT_ACCEPTED: {
    status: 500,
    title: "The route cannot be measured: it takes no upload",
    retry: "never",
    meaning: "Before a load is sent, one upload that the route must take is sent, and it was not accepted.",
    remedy: "Do what the message says; sluicegate check says more about it.",
  },
  MEASURE_BROKEN: {
    status: 500,
    title: "The load could not be sent",
    retry: "later",
    meaning:
      "The thread that sends the load, or the folder that keeps its figures, failed. It says nothing of the route.",
    remedy: "Read the message: it is about this machine, its disk or its memory.",
  },
  COMPARE_SWITCH_FAILED: {
    status: 500,
    title: "The target could not be switched from one arm to the other",
    retry: "never",
    meaning:
      "The command of sluicegate compare --switch ended, and the target did not answer afterwards, or answered with errors of its own.",
    remedy: "Run the command by hand for both arms, and let it wait until the service answers.",
  },
  COMPARE_CLEAR_FAILED: {
    status: 500,
    title: "A cache could not be cleared",
    retry: "never",
    meaning:
      "The command under measure.caches of the flow file, which empties this cache and no other, could not be run or failed: what would be measured is not what was meant.",
    remedy: "Run the command by hand in the flow's folder, and mend it.",
  },
  COMPARE_LOG_INVALID: {
    status: 500,
    title: "A log file cannot be compared",
    retry: "never",
    meaning:
      "A file that was given to sluicegate compare --logs cannot be read, or has no line that tells how a request went.",
    remedy:
      "Give files with one JSON object a line: the gate's own log, the log lines of the Python package, or a requests.ndjson.",
  },
  COMPARE_EVIDENCE_INVALID: {
    status: 500,
    title: "The evidence of a comparison cannot be used",
    retry: "never",
    meaning:
      "There is no comparison of this id below .sluicegate/comparisons, or its files are not those that were written: a line is missing or was changed.",
    remedy: "Name an id that sluicegate compare has printed in this folder, or compare anew.",
  },
} as const satisfies Record<string, ErrorCodeRow>;
