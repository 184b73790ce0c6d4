/** What the methods of `History` return: the columns of the extension's tables, under their names in SQL. */

/** A message of a thread. */
export interface Message {
  id: number;
  thread_id: string;
  role: string;
  content: string;
  /** The message as the program that wrote it had it, as JSON text. */
  item_json: string | null;
  /** In Unix seconds. */
  created_at: number;
  /** The message before it; null for a first message. */
  parent_entry_id: number | null;
}

/** A message of the current branch. */
export interface ListedMessage extends Message {
  /** How many messages lie below it on the branch; 0 for the last. */
  distance: number;
}

/** A message of the current branch with what is looked up for it alone. */
export interface DetailedMessage extends ListedMessage {
  /** Its own name. */
  uid: string | null;
  /** Which of its alternatives it is, from 1. */
  position: number;
  /** How many alternatives there are, itself included. */
  versions: number;
}

/** A message on the path to another. */
export interface PathEntry {
  id: number;
  /** How many messages lie below it on the path. */
  distance: number;
}

/** A message without children: the end of a branch. */
export interface Leaf extends Message {
  /** How many ancestors it has. */
  depth: number;
  /** The nearest ancestor with more than one child. */
  fork_id: number | null;
  /** 1 for its thread's current leaf. */
  is_current: 0 | 1;
}

/** A message's child. */
export interface Child extends Message {
  /** 1 if it lies on its thread's current branch. */
  is_current: 0 | 1;
}

/** A message or one of its alternatives. */
export interface Sibling extends Message {
  /** From 1, the oldest. */
  position: number;
  /** 1 if it lies on its thread's current branch. */
  is_current: 0 | 1;
}

/** A line of a drawn tree. */
export interface TreeRow {
  id: number;
  parent_entry_id: number | null;
  role: string;
  created_at: number;
  depth: number;
  children: number;
  is_leaf: 0 | 1;
  is_current: 0 | 1;
  preview: string;
  /** The line, for people. */
  graph: string;
}

/** A message that one of two paths has and the other has not. */
export interface Difference extends Message {
  side: "a" | "b";
}

/** Something that is broken in the stored trees. */
export interface Problem {
  thread_id: string | null;
  message_id: number | null;
  problem: string;
  detail: string | null;
}

/** A conversation. */
export interface Thread {
  id: string;
  title: string | null;
  preview: string;
  archived: number;
  created_at: number;
  updated_at: number;
  current_leaf_id: number | null;
  /** Of the current leaf, as the other three. */
  last_id: number | null;
  last_role: string | null;
  last_content: string | null;
  last_at: number | null;
}

/** A conversation, counted. */
export interface CountedThread extends Thread {
  messages: number;
  leaves: number;
}

/** A message to send to a model. */
export interface ContextMessage extends Message {
  kind: "system" | "summary" | "message";
  tokens: number;
  /** The tokens of all that is to be sent. */
  total: number;
  /** How many messages the budget left out. */
  dropped: number;
}

/** Tokens that messages report to have cost. */
export interface Usage {
  thread_id: string;
  model: string | null;
  messages: number;
  /** With the cached ones. */
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  cost: number | null;
}

/** A name for a place in a thread. */
export interface Label {
  thread_id: string;
  label: string;
  message_id: number;
  created_at: number;
  /** 1 if the message lies on its thread's current branch. */
  is_current: 0 | 1;
}

/** A message that a search found. */
export interface Found extends Message {
  /** Smaller is better. */
  rank: number;
  /** The place, with what matched in « and ». */
  snippet: string;
  /** 1 if it lies on its thread's current branch. */
  is_current: 0 | 1;
}
