// The shapes of what the admin routes say. They come from the server's own description of its routes.
import type { components } from "./openapi";

type Schemas = components["schemas"];

export type Brief = Schemas["ExchangeList.BriefExchange"];
export type ExchangeList = Schemas["ExchangeList"];
export type Full = Schemas["FullExchange"];
export type Comparison = Schemas["ComparedRules"];
export type ComparedRule = Comparison["data"][number];

export type Resource = Schemas["ResourceList"]["data"][number];
export type ResourceList = Schemas["ResourceList"];
export type OneResource = Schemas["OneResource"];

export interface Ending {
  how: "whole" | "cut" | "client_left" | "server_ended";
  seconds: number;
  bytes_sent: number;
  sends: number;
}

export interface Message {
  role: string;
  text: string;
  called?: [string, string][];
  answers?: string;
}

export interface Prompt {
  model: string;
  stream: boolean;
  messages: Message[];
  tools: string[];
}

export interface StreamEvent {
  event: string | null;
  left: number | null;
  value: unknown;
}

export interface Waiting {
  number: number;
  at: number;
  until: number;
  method: string;
  host: string;
  path: string;
  endpoint: string;
  model: string;
  stream: boolean;
  user_text: string;
  prompt: Prompt;
}

export interface RuleUse {
  name: string;
  answered: number;
  left: number | null;
  match?: unknown;
  reply?: unknown;
  [key: string]: unknown;
}

export interface Session {
  id: string;
  name: string;
}
